{{- /* What usernames of each issuer begin with, as a CEL list. */ -}}
{{- define "gatehouse.aliasPrefixes" -}}
{{- $prefixes := list -}}
{{- range .Values.configuration.issuers -}}
{{- $prefixes = append $prefixes (printf "%s:" .alias) -}}
{{- end -}}
{{- $prefixes | toJson -}}
{{- end -}}
