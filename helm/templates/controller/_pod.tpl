{{/* The Pod of the controller: its volumes and everything that is not of one container. */}}

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
