{{/* What the controller may do, and why. controller/kube/resources.ts lists what is watched; test/chart/rbac.test.ts compares. */}}

{{/* "true" when addresses of nodes go into the status of Ingresses: nothing else was named for it. */}}
{{- define "sluice.publishesNodes" -}}
{{- $args := .Values.controller.extraArgs | default dict -}}
{{- if and (not (include "sluice.publishes" .)) (not (or (index $args "publish-service") (index $args "publish-status-address"))) -}}
true
{{- end -}}
{{- end -}}

{{/* Objects in the namespaces that are served: all of them, or the one of controller.scope. */}}
{{- define "sluice.servedRules" -}}
# Routes.
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [list, watch]
{{- if ne (index (.Values.controller.extraArgs | default dict) "update-status" | toString) "false" }}
# The addresses at which an Ingress is reached (--update-status).
- apiGroups: [networking.k8s.io]
  resources: [ingresses/status]
  verbs: [patch]
{{- end }}
# Ports and kinds of backends; the Service whose addresses are published is read by name.
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch]
# Addresses of backends.
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
# Certificates, certificate authorities and passwords that Ingresses name; settings and headers. Read only.
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [list, watch]
# Problems are told where their authors look: on the Ingress or Service.
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* Cluster-scoped objects. */}}
{{- define "sluice.clusterRules" -}}
# Which classes are ours.
- apiGroups: [networking.k8s.io]
  resources: [ingressclasses]
  verbs: [list, watch]
{{- $args := .Values.controller.extraArgs | default dict }}
{{- if and (not .Values.controller.scope.enabled) (or .Values.controller.scope.namespaceSelector (index $args "watch-namespace-selector")) }}
# Labels that --watch-namespace-selector asks for.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
{{- end }}
{{- if include "sluice.publishesNodes" . }}
# Without a Service to publish, an Ingress is reached at the nodes of the controller's Pods.
- apiGroups: [""]
  resources: [nodes]
  verbs: [get]
{{- else if or .Values.controller.enableTopologyAwareRouting (index $args "enable-topology-aware-routing") }}
# The zone of the own node.
- apiGroups: [""]
  resources: [nodes]
  verbs: [get]
{{- end }}
{{- end -}}

{{/* Objects in the controller's own namespace, beside those that are served. */}}
{{- define "sluice.ownRules" -}}
# The own Pod says the node and the labels; Pods with the same labels, whether this is the last replica and on which nodes they are.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list]
{{- if eq .Values.controller.kind "DaemonSet" }}
# Whether the last Pod ends for good, and the status of Ingresses with it, or is only replaced.
- apiGroups: [apps]
  resources: [daemonsets]
  resourceNames: [{{ include "sluice.controller" . | quote }}]
  verbs: [get]
{{- else }}
# Whether the last Pod ends for good, and the status of Ingresses with it, or is only replaced. ReplicaSets have names of their own.
- apiGroups: [apps]
  resources: [deployments]
  resourceNames: [{{ include "sluice.controller" . | quote }}]
  verbs: [get]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get]
{{- end }}
{{- if not .Values.controller.disableLeaderElection }}
# One replica at a time writes the status. A name cannot bound the right to create.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "sluice.electionID" . | quote }}]
  verbs: [get, watch, update]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
{{- end }}
{{- end -}}
