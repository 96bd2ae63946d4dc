{{/* Names and labels. They are those of the chart of ingress-nginx, because selectors, role references and the controller of an
IngressClass are immutable: with other names `helm upgrade` of an old release would fail. */}}

{{- define "sluice.name" -}}
{{- default "ingress-nginx" .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Everything asks for it, so here is said what would else be a nil pointer somewhere. */}}
{{- define "sluice.fullname" -}}
{{- if not (((.Values.controller).admissionWebhooks).patch).serviceAccount -}}
{{- fail "the defaults of an older chart are in force (--reuse-values): use --reset-then-reuse-values, or --reset-values with your values file" -}}
{{- end -}}
{{- $name := include "sluice.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sluice.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluice.controller" -}}
{{- printf "%s-%s" (include "sluice.fullname" .) .Values.controller.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluice.webhook" -}}
{{- printf "%s-%s" (include "sluice.fullname" .) .Values.controller.admissionWebhooks.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluice.webhookService" -}}
{{- printf "%s-admission" (include "sluice.controller" .) -}}
{{- end -}}

{{- define "sluice.defaultBackend" -}}
{{- printf "%s-%s" (include "sluice.fullname" .) .Values.defaultBackend.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluice.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "sluice.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "sluice.webhookServiceAccount" -}}
{{- with .Values.controller.admissionWebhooks.patch.serviceAccount -}}
{{- if .create -}}
{{- default (include "sluice.webhook" $) .name -}}
{{- else -}}
{{- default "default" .name -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sluice.defaultBackendServiceAccount" -}}
{{- with .Values.defaultBackend.serviceAccount -}}
{{- if .create -}}
{{- default (printf "%s-backend" (include "sluice.fullname" $)) .name -}}
{{- else -}}
{{- default "default-backend" .name -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sluice.electionID" -}}
{{- default (printf "%s-leader" (include "sluice.fullname" .)) .Values.controller.electionID -}}
{{- end -}}

{{/* Of the namespace that is watched; only with controller.scope.enabled. */}}
{{- define "sluice.scopeNamespace" -}}
{{- default (include "sluice.namespace" .) .Values.controller.scope.namespace -}}
{{- end -}}

{{/* dict "root" $ "component" …: what selects the Pods. */}}
{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ include "sluice.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* dict "root" $ "component" … "extra" (list of maps): all labels, a later map wins over an earlier one. */}}
{{- define "sluice.labels" -}}
{{- $root := .root -}}
{{- $labels := dict
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "app.kubernetes.io/part-of" (include "sluice.name" $root)
  "app.kubernetes.io/managed-by" $root.Release.Service
-}}
{{- range concat (list $root.Values.commonLabels) (.extra | default list) -}}
{{- $labels = mergeOverwrite $labels (deepCopy (. | default dict)) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $labels (include "sluice.selector" . | fromYaml)) -}}
{{- end -}}

{{- define "sluice.controllerLabels" -}}
{{- include "sluice.labels" (dict "root" . "component" "controller" "extra" (list .Values.controller.labels)) -}}
{{- end -}}

{{- define "sluice.defaultBackendLabels" -}}
{{- include "sluice.labels" (dict "root" . "component" "default-backend" "extra" (list .Values.defaultBackend.labels)) -}}
{{- end -}}

{{- define "sluice.jobLabels" -}}
{{- include "sluice.labels" (dict "root" . "component" "admission-webhook" "extra" (list .Values.controller.admissionWebhooks.patch.labels)) -}}
{{- end -}}

{{/* dict "root" $ "protocol" "tcp"|"udp" "port" …: name of a container and Service port, at most 15 characters. */}}
{{- define "sluice.portName" -}}
{{- $name := printf "%v-%s" .port .protocol -}}
{{- with .root.Values.portNamePrefix }}{{ $name = printf "%s-%s" . $name }}{{ end -}}
{{- if gt (len $name) 15 -}}
{{- fail (printf "portNamePrefix: %q makes the port name %q, and Kubernetes allows 15 characters: use a shorter prefix" .root.Values.portNamePrefix $name) -}}
{{- end -}}
{{- $name -}}
{{- end -}}
