{{/* dict "root" $ "job" values "hook" … "container" … "args" list: a Job that helm runs before or after it applies the rest. */}}
{{- define "sluice.webhookJob" -}}
{{- $root := .root -}}
{{- $webhook := $root.Values.controller.admissionWebhooks -}}
{{- $patch := $webhook.patch -}}
{{- $name := printf "%s-%s" (include "sluice.webhook" $root) .job.name | trunc 63 | trimSuffix "-" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $name }}
  namespace: {{ include "sluice.namespace" $root }}
  labels: {{- include "sluice.jobLabels" $root | nindent 4 }}
  annotations:
    helm.sh/hook: {{ .hook }}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
    {{- with $webhook.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  ttlSecondsAfterFinished: 0
  {{- if gt (int .job.activeDeadlineSeconds) 0 }}
  activeDeadlineSeconds: {{ .job.activeDeadlineSeconds }}
  {{- end }}
  template:
    metadata:
      name: {{ $name }}
      labels: {{- include "sluice.jobLabels" $root | nindent 8 }}
      {{- with $patch.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      restartPolicy: OnFailure
      serviceAccountName: {{ include "sluice.webhookServiceAccount" $root }}
      automountServiceAccountToken: {{ $patch.serviceAccount.automountServiceAccountToken }}
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $patch.priorityClassName }}
      priorityClassName: {{ . | quote }}
      {{- end }}
      {{- with $patch.runtimeClassName }}
      runtimeClassName: {{ . | quote }}
      {{- end }}
      {{- with $patch.securityContext }}
      securityContext: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .container }}
          image: {{ include "sluice.jobImage" $root }}
          imagePullPolicy: {{ $patch.image.pullPolicy }}
          args: {{- toYaml .args | nindent 12 }}
          # The Pod goes with the Job; what was wrong stays in its description meanwhile.
          terminationMessagePolicy: FallbackToLogsOnError
          env:
            - name: POD_NAMESPACE
              valueFrom:
                fieldRef:
                  fieldPath: metadata.namespace
            {{- with $webhook.extraEnvs }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- with .job.securityContext }}
          securityContext: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .job.resources }}
          resources: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .job.volumeMounts }}
          volumeMounts: {{- toYaml . | nindent 12 }}
          {{- end }}
      {{- with .job.volumes }}
      volumes: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $patch.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $patch.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}

{{- define "sluice.webhookJobsRun" -}}
{{- with .Values.controller.admissionWebhooks }}{{ if and .enabled .patch.enabled (not .certManager.enabled) }}true{{ end }}{{ end -}}
{{- end -}}
