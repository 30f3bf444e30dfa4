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
{{- define "studyctl.account" -}}
{{ .Values.serviceAccount.name | default .Release.Name }}
{{- end }}
{{- define "studyctl.claim" -}}
{{ .Values.results.existingClaim | default (printf "%s-results" .Release.Name) }}
{{- end }}
{{- define "studyctl.carries" -}}
{{- $shared := toString .Values.results.shared -}}
{{- if or (eq $shared "false") (and (eq $shared "auto") (ne .Values.results.accessMode "ReadWriteMany")) -}}yes{{- end -}}
{{- end }}
