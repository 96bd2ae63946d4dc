{{/* Values of ingress-nginx that mean nothing here, or mean something else: accepted, and said in NOTES.txt. A list of lines. */}}
{{- define "sluice.oldValues" -}}
{{- $controller := .Values.controller -}}
{{- $webhook := $controller.admissionWebhooks -}}
{{- $image := $controller.image -}}
{{- $lines := list -}}
{{- if eq (include "sluice.isOldImage" $image) "true" -}}
{{- $lines = append $lines (printf "controller.image names an image of ingress-nginx (%v:%v): its repository, image, tag and digest are left out, and %s runs. Remove them." ($image.repository | default $image.image) $image.tag (include "sluice.controllerImage" .)) -}}
{{- end -}}
{{- if eq (include "sluice.isOldImage" $webhook.patch.image) "true" -}}
{{- $lines = append $lines "controller.admissionWebhooks.patch.image names an image of ingress-nginx: the jobs run the controller's image. Remove it." -}}
{{- end -}}
{{- range $path, $registry := dict "global.image.registry" ((.Values.global).image).registry "controller.image.registry" $image.registry -}}
{{- if and $registry (not (include "sluice.registry" $registry)) -}}
{{- $lines = append $lines (printf "%s: %s does not have the image of Sluice; %s runs." $path $registry (include "sluice.controllerImage" $)) -}}
{{- end -}}
{{- end -}}
{{- if $image.chroot -}}
{{- $lines = append $lines "controller.image.chroot is ignored: nginx has a container of its own, without the token, in place of a chroot." -}}
{{- end -}}
{{- if $controller.customTemplate.configMapName -}}
{{- $lines = append $lines "controller.customTemplate is ignored: nginx.conf has no template to replace. Use http-snippet, server-snippet and the other keys of controller.config." -}}
{{- end -}}
{{- range $name := list "extraModules" "opentelemetry" "existingPsp" "stats" -}}
{{- if index $controller $name -}}
{{- $lines = append $lines (printf "controller.%s is ignored." $name) -}}
{{- end -}}
{{- end -}}
{{- if .Values.podSecurityPolicy -}}
{{- $lines = append $lines "podSecurityPolicy is ignored: Kubernetes removed it." -}}
{{- end -}}
{{- range $old, $new := dict
  "enableWorkerSerialReloads" "controller.config.enable-serial-reloads"
  "enableSnippetDirectives" "controller.allowSnippetAnnotations"
  "headers" "controller.proxySetHeaders"
  "defaultBackendService" "controller.extraArgs.default-backend-service"
  "deploymentAnnotations" "controller.annotations"
  "daemonsetAnnotations" "controller.annotations"
-}}
{{- if index $controller $old -}}
{{- $lines = append $lines (printf "controller.%s still works; its name is now %s." $old $new) -}}
{{- end -}}
{{- end -}}
{{- if $webhook.networkPolicyEnabled -}}
{{- $lines = append $lines "controller.admissionWebhooks.networkPolicyEnabled still works; its name is now controller.admissionWebhooks.patch.networkPolicy.enabled." -}}
{{- end -}}
{{- if .Values.maxmindLicenseKey -}}
{{- $lines = append $lines "maxmindLicenseKey still works; its name is now controller.maxmindLicenseKey." -}}
{{- end -}}
{{- range $name := list "daemonset" "EnablePathTypeValidation" "disablePathTypeValidation" -}}
{{- if index $controller $name -}}
{{- $lines = append $lines (printf "controller.%s is ignored: %s." $name (ternary "use controller.hostPort" "use controller.config.strict-validate-path-type" (eq $name "daemonset"))) -}}
{{- end -}}
{{- end -}}
{{- if or $webhook.patch.fsGroup $webhook.patch.runAsUser -}}
{{- $lines = append $lines "controller.admissionWebhooks.patch.fsGroup and .runAsUser are ignored: use .securityContext beside them." -}}
{{- end -}}
{{- if and $controller.service.internal.enabled (not $controller.service.internal.annotations) -}}
{{- $lines = append $lines "controller.service.internal.enabled makes no Service without controller.service.internal.annotations: it would be a second public load balancer." -}}
{{- end -}}
{{- if and $controller.autoscaling.enabled $controller.keda.enabled -}}
{{- $lines = append $lines "controller.autoscaling and controller.keda are both enabled, and would fight: neither is made." -}}
{{- end -}}
{{- if and (eq $controller.kind "DaemonSet") (or $controller.autoscaling.enabled $controller.keda.enabled) -}}
{{- $lines = append $lines "controller.autoscaling and controller.keda scale Deployments only: a DaemonSet has one Pod a node." -}}
{{- end -}}
{{- if and (not $webhook.patch.enabled) $webhook.enabled (not $webhook.certManager.enabled) -}}
{{- $lines = append $lines (printf "the webhook gets no certificate: make Secret %s with ca, cert and key, and set caBundle of ValidatingWebhookConfiguration %s." (include "sluice.webhook" .) (include "sluice.webhook" .)) -}}
{{- end -}}
{{- if $controller.singleContainer -}}
{{- $lines = append $lines "controller.singleContainer runs nginx beside the token of the ServiceAccount. Without it the two have containers of their own." -}}
{{- end -}}
{{- toJson $lines -}}
{{- end -}}
