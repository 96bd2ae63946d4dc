{{/* Arguments of the controller: flags of ingress-nginx under their old names, and where the two containers meet. */}}

{{/* Map of flag → value as --flag=value; an empty value makes a bare flag. */}}
{{- define "sluice.extraArgs" -}}
{{- range $name, $value := . }}
{{- if eq ($value | toString) "" }}
- --{{ $name }}
{{- else }}
- {{ printf "--%s=%v" $name $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "sluice.publishes" -}}
{{- with .Values.controller -}}
{{- if and .publishService.enabled .service.enabled (or .service.external.enabled .service.internal.enabled) }}true{{ end -}}
{{- end -}}
{{- end -}}

{{- define "sluice.flags" -}}
{{- $controller := .Values.controller -}}
{{- if $controller.singleContainer }}
- --run-dir=/run/sluice
{{- else }}
- --nginx-mode=remote
- --conf-dir=/etc/sluice/conf
- --run-dir=/run/sluice
{{- end }}
{{- if not $controller.enableAnnotationValidations }}
- --enable-annotation-validation=false
{{- end }}
{{- if .Values.defaultBackend.enabled }}
- --default-backend-service=$(POD_NAMESPACE)/{{ include "sluice.defaultBackend" . }}
{{- else if $controller.defaultBackendService }}
- --default-backend-service={{ $controller.defaultBackendService }}
{{- end }}
{{- if include "sluice.publishes" . }}
{{- $own := printf "$(POD_NAMESPACE)/%s" (include "sluice.controller" .) }}
- --publish-service={{ default $own $controller.publishService.pathOverride }}{{ if not $controller.service.external.enabled }}-internal{{ end }}
{{- end }}
- --election-id={{ include "sluice.electionID" . }}
- --controller-class={{ $controller.ingressClassResource.controllerValue }}
{{- with $controller.ingressClass }}
- --ingress-class={{ . }}
{{- end }}
- --configmap={{ default "$(POD_NAMESPACE)" $controller.configMapNamespace }}/{{ include "sluice.controller" . }}
{{- if .Values.tcp }}
- --tcp-services-configmap={{ default "$(POD_NAMESPACE)" $controller.tcp.configMapNamespace }}/{{ include "sluice.fullname" . }}-tcp
{{- end }}
{{- if .Values.udp }}
- --udp-services-configmap={{ default "$(POD_NAMESPACE)" $controller.udp.configMapNamespace }}/{{ include "sluice.fullname" . }}-udp
{{- end }}
{{- if $controller.scope.enabled }}
- --watch-namespace={{ default "$(POD_NAMESPACE)" $controller.scope.namespace }}
{{- else if $controller.scope.namespaceSelector }}
- {{ printf "--watch-namespace-selector=%s" $controller.scope.namespaceSelector | quote }}
{{- end }}
{{- if and $controller.reportNodeInternalIp $controller.hostNetwork }}
- --report-node-internal-ip-address=true
{{- end }}
{{- with $controller.admissionWebhooks }}
{{- if .enabled }}
- --validating-webhook=:{{ .port }}
- --validating-webhook-certificate={{ .certificate }}
- --validating-webhook-key={{ .key }}
{{- end }}
{{- end }}
{{- with $controller.maxmindLicenseKey | default .Values.maxmindLicenseKey }}
- {{ printf "--maxmind-license-key=%s" . | quote }}
{{- end }}
{{- with $controller.healthCheckHost }}
- --healthz-host={{ . }}
{{- end }}
{{- if ne $controller.healthCheckPath "/healthz" }}
- --health-check-path={{ $controller.healthCheckPath }}
{{- end }}
{{- if $controller.ingressClassByName }}
- --ingress-class-by-name=true
{{- end }}
{{- if $controller.watchIngressWithoutClass }}
- --watch-ingress-without-class=true
{{- end }}
{{- if $controller.metrics.enabled }}
- --enable-metrics=true
{{- end }}
{{- if $controller.enableTopologyAwareRouting }}
- --enable-topology-aware-routing=true
{{- end }}
{{- if $controller.disableLeaderElection }}
- --disable-leader-election=true
{{- end }}
{{- with $controller.electionTTL }}
- --election-ttl={{ . }}
{{- end }}
{{- include "sluice.extraArgs" $controller.extraArgs }}
{{- end -}}

{{/* Arguments of the supervisor: where the containers meet, and those extraArgs that are about nginx's end and the log. */}}
{{- define "sluice.nginxFlags" -}}
- nginx
- --conf-dir=/etc/sluice/conf
- --run-dir=/run/sluice
{{- include "sluice.extraArgs" (pick (.Values.controller.extraArgs | default dict) "shutdown-grace-period" "log-format" "v") }}
{{- end -}}
