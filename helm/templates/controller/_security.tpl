{{/* What the processes of the Pod may do (R23): security contexts, sysctls and the nginx that binds low ports. */}}

{{/* "true" where ports below 1024 need the copy of nginx that has a file capability: in the network of the host a Pod may not set the
sysctl. no_new_privs would take the capability away again, so that there, and only there, privileges may grow (docs/operations.md). */}}
{{- define "sluice.usesFileCapability" -}}
{{- $args := .Values.controller.extraArgs | default dict -}}
{{- $lowest := min (index $args "http-port" | default 80 | int) (index $args "https-port" | default 443 | int) -}}
{{- if and .Values.controller.hostNetwork (lt $lowest 1024) }}true{{ end -}}
{{- end -}}

{{/* dict "root" $ "binds": whether the container binds 80 and 443. */}}
{{- define "sluice.securityContext" -}}
{{- $controller := .root.Values.controller -}}
{{- $binds := .binds -}}
{{- if $controller.containerSecurityContext -}}
{{- toYaml $controller.containerSecurityContext -}}
{{- else -}}
{{- $grows := and $binds (include "sluice.usesFileCapability" .root) -}}
{{- with $controller.image -}}
runAsNonRoot: {{ .runAsNonRoot }}
runAsUser: {{ .runAsUser }}
runAsGroup: {{ .runAsGroup }}
allowPrivilegeEscalation: {{ or .allowPrivilegeEscalation (eq (toString $grows) "true") }}
{{- with .seccompProfile }}
seccompProfile: {{- toYaml . | nindent 2 }}
{{- end }}
capabilities:
  drop:
    - ALL
  {{- if $binds }}
  add:
    - NET_BIND_SERVICE
  {{- end }}
readOnlyRootFilesystem: {{ .readOnlyRootFilesystem }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Security context of the Pod: podSecurityContext with the sysctls. Without one of the first, UID 101 could not bind 80 and 443; a
Pod in the network of the host may not set it. It is not a default of values.yaml, because `helm upgrade --reuse-values` has those of
the chart before. */}}
{{- define "sluice.podSecurityContext" -}}
{{- $controller := .Values.controller -}}
{{- $context := deepCopy ($controller.podSecurityContext | default dict) -}}
{{- $list := $context.sysctls | default list -}}
{{- $sysctls := deepCopy ($controller.sysctls | default dict) -}}
{{- $ports := "net.ipv4.ip_unprivileged_port_start" -}}
{{- $known := false -}}
{{- range $list }}{{ if eq .name $ports }}{{ $known = true }}{{ end }}{{ end -}}
{{- if not (or $controller.hostNetwork $known (hasKey $sysctls $ports)) }}{{ $sysctls = set $sysctls $ports "0" }}{{ end -}}
{{- range $name, $value := $sysctls -}}
{{- if ne (toString $value) "" -}}
{{- $list = append $list (dict "name" $name "value" (toString $value)) -}}
{{- end -}}
{{- end -}}
{{- if $list }}{{ $context = set $context "sysctls" $list }}{{ end -}}
{{- toYaml $context -}}
{{- end -}}

{{/* dict "root" $ "binds": as above. */}}
{{- define "sluice.env" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- if and .binds (include "sluice.usesFileCapability" .root) }}
- name: SLUICE_NGINX
  value: /usr/local/openresty/nginx/sbin-net-bind/nginx
{{- end }}
{{- with .root.Values.controller.extraEnvs }}
{{ toYaml . }}
{{- end }}
{{- end -}}
