{{/* A Service of the controller. dict "root" $ "service" (its values) "ports" and "targetPorts" (maps with http, https) "type"
"suffix" "labels" (list of maps): a Service of http, https and the TCP and UDP ports. */}}
{{- define "sluice.trafficService" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- $common := $root.Values.controller.service -}}
{{- $type := .type -}}
{{- $hasNodePorts := has $type (list "NodePort" "LoadBalancer") -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "sluice.controller" $root }}{{ .suffix }}
  namespace: {{ include "sluice.namespace" $root }}
  labels: {{- include "sluice.labels" (dict "root" $root "component" "controller" "extra" .labels) | nindent 4 }}
  {{- with $service.annotations }}
  annotations:
    {{- range $name, $value := . }}
    {{ $name }}: {{ tpl ($value | toString) $root | quote }}
    {{- end }}
  {{- end }}
spec:
  type: {{ $type }}
  {{- include "sluice.serviceFields" (dict "service" $service "names" (list "clusterIP" "clusterIPs" "externalIPs" "loadBalancerIP" "loadBalancerSourceRanges" "loadBalancerClass" "externalTrafficPolicy" "sessionAffinity" "healthCheckNodePort" "ipFamilyPolicy" "ipFamilies")) }}
  {{- if ne ($service.allocateLoadBalancerNodePorts | toString) "<nil>" }}
  allocateLoadBalancerNodePorts: {{ $service.allocateLoadBalancerNodePorts }}
  {{- end }}
  {{- if and $service.trafficDistribution (semverCompare ">=1.31.0-0" $root.Capabilities.KubeVersion.Version) }}
  trafficDistribution: {{ $service.trafficDistribution }}
  {{- end }}
  ports:
    {{- $ports := .ports }}
    {{- $targets := .targetPorts }}
    {{- range $name, $enabled := dict "http" $common.enableHttp "https" $common.enableHttps }}
    {{- if $enabled }}
    - name: {{ $name }}
      port: {{ index $ports $name }}
      protocol: TCP
      targetPort: {{ index $targets $name }}
      {{- if $service.appProtocol }}
      appProtocol: {{ $name }}
      {{- end }}
      {{- with index ($service.nodePorts | default dict) $name }}
      {{- if $hasNodePorts }}
      nodePort: {{ . }}
      {{- end }}
      {{- end }}
    {{- end }}
    {{- end }}
    {{- range $protocol := list "tcp" "udp" }}
    {{- range $port, $target := index $root.Values $protocol }}
    {{- $name := include "sluice.portName" (dict "root" $root "protocol" $protocol "port" $port) }}
    - name: {{ $name }}
      port: {{ $port }}
      protocol: {{ upper $protocol }}
      targetPort: {{ $name }}
      {{- with index (index ($service.nodePorts | default dict) $protocol | default dict) $port }}
      {{- if $hasNodePorts }}
      nodePort: {{ . }}
      {{- end }}
      {{- end }}
    {{- end }}
    {{- end }}
  selector: {{- include "sluice.selector" (dict "root" $root "component" "controller") | nindent 4 }}
{{- end -}}

{{/* dict "service" values "names" list: those fields of a Service that are set, as they are. */}}
{{- define "sluice.serviceFields" -}}
{{- $service := .service -}}
{{- range .names }}
{{- $value := index $service . }}
{{- if $value }}
  {{ . }}: {{ toJson $value }}
{{- end }}
{{- end }}
{{- end -}}
