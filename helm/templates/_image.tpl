{{/* Images. A values file of ingress-nginx may pin its image: that controller does not know the arguments of this chart, so such
pins are left out, and NOTES.txt says so. */}}

{{/* An image map: "true" when repository, image or tag are those of ingress-nginx (its tags begin with v, ours do not). */}}
{{- define "sluice.isOldImage" -}}
{{- $name := printf "%v" (.repository | default .image | default "") -}}
{{- if or (regexMatch "(^|/)(ingress-nginx/)?(controller|controller-chroot|nginx-ingress-controller|kube-webhook-certgen)$" $name) (regexMatch "^v[01]\\.[0-9]" (printf "%v" (.tag | default ""))) -}}
true
{{- end -}}
{{- end -}}

{{/* A registry, or nothing for those of ingress-nginx, which older charts had in their values and Sluice is not in. */}}
{{- define "sluice.registry" -}}
{{- if not (has (toString .) (list "registry.k8s.io" "k8s.gcr.io" "<nil>")) }}{{ . }}{{ end -}}
{{- end -}}

{{- define "sluice.globalRegistry" -}}
{{- include "sluice.registry" ((.Values.global).image).registry -}}
{{- end -}}

{{/* dict "root" $ "image" map: the image of Sluice, unless the map names another. */}}
{{- define "sluice.image" -}}
{{- $own := .root.Values.controller.image -}}
{{- $image := .image -}}
{{- $old := eq (include "sluice.isOldImage" $image) "true" -}}
{{- $registry := include "sluice.registry" $image.registry | default (include "sluice.globalRegistry" .root) | default "ghcr.io" -}}
{{- $name := "sluice/sluice" -}}
{{- if and $image.image (not (eq (include "sluice.isOldImage" (dict "image" $image.image)) "true")) }}{{ $name = $image.image }}{{ end -}}
{{- $path := printf "%s/%s" $registry $name -}}
{{- if and $image.repository (not (eq (include "sluice.isOldImage" (dict "repository" $image.repository)) "true")) }}{{ $path = $image.repository }}{{ end -}}
{{- $tag := .root.Chart.AppVersion -}}
{{- if and $image.tag (not $old) }}{{ $tag = $image.tag }}{{ end -}}
{{- printf "%s:%v" $path $tag -}}
{{- if and $image.digest (not $old) }}@{{ $image.digest }}{{ end -}}
{{- end -}}

{{- define "sluice.controllerImage" -}}
{{- include "sluice.image" (dict "root" . "image" .Values.controller.image) -}}
{{- end -}}

{{/* The jobs run the controller's image, unless another one is named. */}}
{{- define "sluice.jobImage" -}}
{{- $patch := .Values.controller.admissionWebhooks.patch.image -}}
{{- if or (eq (include "sluice.isOldImage" $patch) "true") (not (or $patch.repository (include "sluice.registry" $patch.registry) $patch.image $patch.tag $patch.digest)) -}}
{{- include "sluice.controllerImage" . -}}
{{- else -}}
{{- include "sluice.image" (dict "root" . "image" $patch) -}}
{{- end -}}
{{- end -}}

{{- define "sluice.defaultBackendImage" -}}
{{- $image := .Values.defaultBackend.image -}}
{{- $registry := $image.registry | default ((.Values.global).image).registry | default "registry.k8s.io" -}}
{{- $image.repository | default (printf "%s/%s" $registry $image.image) }}:{{ $image.tag -}}
{{- with $image.digest }}@{{ . }}{{ end -}}
{{- end -}}
