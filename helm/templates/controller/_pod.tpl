{{/* The Pod of the controller. Two containers of one image: `controller` talks to the API server, `nginx` to clients. Each shared
volume has one writer, and only the controller has the token. With controller.singleContainer nginx is the controller's child. */}}

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

{{/* Ports that clients reach: of the container that nginx runs in. */}}
{{- define "sluice.clientPorts" -}}
{{- $root := . -}}
{{- $host := .Values.controller.hostPort -}}
{{- range $name, $port := .Values.controller.containerPort }}
- name: {{ $name }}
  containerPort: {{ $port }}
  protocol: TCP
  {{- if $host.enabled }}
  hostPort: {{ index $host.ports $name | default $port }}
  {{- end }}
{{- end }}
{{- range $protocol := list "tcp" "udp" }}
{{- range $port, $target := index $root.Values $protocol }}
- name: {{ include "sluice.portName" (dict "root" $root "protocol" $protocol "port" $port) }}
  containerPort: {{ $port }}
  protocol: {{ upper $protocol }}
  {{- if $host.enabled }}
  hostPort: {{ $port }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Ports that Prometheus and the API server reach. */}}
{{- define "sluice.controlPorts" -}}
{{- with .Values.controller.metrics }}
{{- if .enabled }}
- name: {{ .portName }}
  containerPort: {{ .port }}
  protocol: TCP
{{- end }}
{{- end }}
{{- with .Values.controller.admissionWebhooks }}
{{- if .enabled }}
- name: webhook
  containerPort: {{ .port }}
  protocol: TCP
{{- end }}
{{- end }}
{{- end -}}

{{/* Ready means that every worker has the whole state, which is /readyz. Values copied from the chart of ingress-nginx ask its
/healthz, which meant the same there; here it only says that the process is alive. */}}
{{- define "sluice.readinessProbe" -}}
{{- $probe := deepCopy .Values.controller.readinessProbe -}}
{{- if and $probe.httpGet (eq ($probe.httpGet.path | default "") .Values.controller.healthCheckPath) -}}
{{- $_ := set $probe.httpGet "path" "/readyz" -}}
{{- end -}}
{{- toYaml $probe -}}
{{- end -}}

{{- define "sluice.controlMounts" -}}
{{- if .Values.serviceAccount.automountServiceAccountToken }}
- name: api-access
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}
{{- if .Values.controller.admissionWebhooks.enabled }}
- name: webhook-cert
  mountPath: /usr/local/certificates
  readOnly: true
{{- end }}
{{- end -}}

{{- define "sluice.volumes" -}}
{{- if .Values.serviceAccount.automountServiceAccountToken }}
# What the kubelet would mount into every container; here only the controller mounts it.
- name: api-access
  projected:
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3607
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                fieldPath: metadata.namespace
{{- end }}
{{- if not .Values.controller.singleContainer }}
# Written by the controller only.
- name: conf
  emptyDir: {}
{{- end }}
# Sockets and the pid file; written by nginx only.
- name: run
  emptyDir: {}
# Bodies that do not fit into memory.
- name: tmp
  emptyDir: {}
{{- if .Values.controller.admissionWebhooks.enabled }}
- name: webhook-cert
  secret:
    secretName: {{ include "sluice.webhook" . }}
    {{- if .Values.controller.admissionWebhooks.certManager.enabled }}
    items:
      - key: tls.crt
        path: cert
      - key: tls.key
        path: key
    {{- end }}
{{- end }}
{{- with .Values.controller.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sluice.controllerContainer" -}}
{{- $controller := .Values.controller -}}
- name: {{ $controller.containerName }}
  image: {{ include "sluice.controllerImage" . }}
  imagePullPolicy: {{ $controller.image.pullPolicy }}
  args: {{- include "sluice.flags" . | trim | nindent 4 }}
  {{- with $controller.lifecycle }}
  lifecycle: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext: {{- include "sluice.securityContext" (dict "root" . "binds" $controller.singleContainer) | nindent 4 }}
  env: {{- include "sluice.env" (dict "root" . "binds" $controller.singleContainer) | nindent 4 }}
  {{- with $controller.startupProbe }}
  startupProbe: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $controller.livenessProbe }}
  livenessProbe: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $controller.readinessProbe }}
  readinessProbe: {{- include "sluice.readinessProbe" . | nindent 4 }}
  {{- end }}
  {{- $ports := include "sluice.controlPorts" . }}
  {{- if $controller.singleContainer }}{{ $ports = printf "%s%s" (include "sluice.clientPorts" .) $ports }}{{ end }}
  {{- with $ports | trim }}
  ports: {{- . | nindent 4 }}
  {{- end }}
  volumeMounts: {{- include "sluice.controlMounts" . | trim | nindent 4 }}
    {{- if $controller.singleContainer }}
    - name: run
      mountPath: /run/sluice
    {{- else }}
    - name: conf
      mountPath: /etc/sluice/conf
    - name: run
      mountPath: /run/sluice
      readOnly: true
    {{- end }}
    {{- if $controller.singleContainer }}
    - name: tmp
      mountPath: /tmp
    {{- end }}
    {{- with $controller.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $controller.resources }}
  resources: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $controller.resizePolicy }}
  resizePolicy: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Has no token, and talks to the controller through the two volumes only. */}}
{{- define "sluice.nginxContainer" -}}
{{- $controller := .Values.controller -}}
- name: {{ ternary "nginx-proxy" "nginx" (eq $controller.containerName "nginx") }}
  image: {{ include "sluice.controllerImage" . }}
  imagePullPolicy: {{ $controller.image.pullPolicy }}
  args: {{- include "sluice.nginxFlags" . | trim | nindent 4 }}
  {{- with ($controller.nginx).lifecycle }}
  lifecycle: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext: {{- include "sluice.securityContext" (dict "root" . "binds" true) | nindent 4 }}
  env: {{- include "sluice.env" (dict "root" . "binds" true) | nindent 4 }}
  {{- with ($controller.nginx).livenessProbe }}
  livenessProbe: {{- toYaml . | nindent 4 }}
  {{- end }}
  ports: {{- include "sluice.clientPorts" . | trim | nindent 4 }}
  volumeMounts:
    - name: conf
      mountPath: /etc/sluice/conf
      readOnly: true
    - name: run
      mountPath: /run/sluice
    - name: tmp
      mountPath: /tmp
    {{- with $controller.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with ($controller.nginx).resources | default $controller.resources }}
  resources: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The Pod template of the Deployment or DaemonSet. */}}
{{- define "sluice.podTemplate" -}}
{{- $controller := .Values.controller -}}
metadata:
  {{- with $controller.podAnnotations }}
  annotations:
    {{- range $name, $value := . }}
    {{ $name }}: {{ $value | toString | quote }}
    {{- end }}
  {{- end }}
  labels:
    {{- include "sluice.labels" (dict "root" . "component" "controller" "extra" (list $controller.labels $controller.podLabels)) | nindent 4 }}
spec:
  serviceAccountName: {{ include "sluice.serviceAccount" . }}
  # Only the controller has a token, from the volume api-access.
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ $controller.terminationGracePeriodSeconds }}
  dnsPolicy: {{ $controller.dnsPolicy }}
  {{- with $controller.dnsConfig }}
  dnsConfig: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $controller.hostAliases }}
  hostAliases: {{- tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  {{- with $controller.hostname }}
  hostname: {{ toYaml . }}
  {{- end }}
  {{- if $controller.hostNetwork }}
  hostNetwork: true
  {{- end }}
  {{- if $controller.shareProcessNamespace }}
  shareProcessNamespace: true
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $controller.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with $controller.runtimeClassName }}
  runtimeClassName: {{ . | quote }}
  {{- end }}
  securityContext: {{- include "sluice.podSecurityContext" . | nindent 4 }}
  {{- with $controller.extraInitContainers }}
  initContainers: {{- tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  containers:
    {{- include "sluice.controllerContainer" . | nindent 4 }}
    {{- if not $controller.singleContainer }}
    {{- include "sluice.nginxContainer" . | nindent 4 }}
    {{- end }}
    {{- with $controller.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $controller.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $controller.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $controller.affinity }}
  affinity: {{- tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  {{- with $controller.topologySpreadConstraints }}
  topologySpreadConstraints: {{- tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  volumes: {{- include "sluice.volumes" . | trim | nindent 4 }}
{{- end -}}
