{{- define "studyctl.labels" -}}
{{ include "studyctl.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
{{- define "studyctl.selector" -}}
app.kubernetes.io/name: studyctl
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "studyctl.acting" -}}
{{ include "studyctl.selector" . }}
studyctl.io/acts: "true"
{{- end }}
{{- define "studyctl.account" -}}
{{ .Values.serviceAccount.name | default .Release.Name }}
{{- end }}
{{- define "studyctl.claim" -}}
{{ .Values.results.existingClaim | default (printf "%s-results" .Release.Name) }}
{{- end }}
{{- define "studyctl.shares" -}}
{{- $shared := toString .Values.results.shared -}}
{{- if not (or (eq $shared "false") (and (eq $shared "auto") (ne .Values.results.accessMode "ReadWriteMany"))) -}}yes{{- end -}}
{{- end }}
{{- define "studyctl.elsewhere" -}}
{{- if or .Values.watch.allNamespaces .Values.watch.namespaces -}}yes{{- end -}}
{{- end }}
{{- define "studyctl.carries" -}}
{{- if or (not (include "studyctl.shares" .)) (include "studyctl.elsewhere" .) -}}yes{{- end -}}
{{- end }}
{{- define "studyctl.rules" -}}
- {apiGroups: [studyctl.io], resources: [studies], verbs: [get, list, watch, patch]}
- {apiGroups: [studyctl.io], resources: [studies/status], verbs: [patch]}
- {apiGroups: [batch], resources: [jobs], verbs: [get, list, create, delete]}
# A pod is created to be tried alone (dryRun), before the first Job.
- {apiGroups: [""], resources: [pods], verbs: [get, list, watch, create, delete]}
- {apiGroups: [""], resources: [pods/log], verbs: [get]}
# What a study names, and one for each attempt that has secret variables.
- {apiGroups: [""], resources: [secrets], verbs: [get, create, delete]}
- {apiGroups: [""], resources: [configmaps], verbs: [get]}
- {apiGroups: [""], resources: [events], verbs: [list, create]}
{{- end }}
{{- define "studyctl.subjects" -}}
- {kind: ServiceAccount, name: {{ include "studyctl.account" . }}, namespace: {{ .Release.Namespace }}}
{{- end }}
