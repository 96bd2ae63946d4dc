{{/* The two containers of one image: `controller` talks to the API server, `nginx` to clients. Each shared volume has one writer, and
only the controller has the token. With controller.singleContainer nginx is the controller's child. */}}

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
