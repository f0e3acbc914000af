{{- define "martlet.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "martlet.fullname" -}}
{{- $name := include "martlet.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "martlet.selectorLabels" -}}
app.kubernetes.io/name: {{ include "martlet.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "martlet.labels" -}}
{{ include "martlet.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "martlet.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "martlet.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Set ("true") when accepted pushes are in a file of the pod. */}}
{{- define "martlet.localQueue" -}}
{{- if eq (dig "queue" "engine" "local" .Values.config) "local" }}true{{ end }}
{{- end }}

{{- define "martlet.workload" -}}
{{- if include "martlet.localQueue" . }}StatefulSet{{ else }}Deployment{{ end }}
{{- end }}

{{- define "martlet.httpScheme" -}}
{{- if dig "core" "ssl" false .Values.config }}HTTPS{{ else }}HTTP{{ end }}
{{- end }}

{{/* Longer than the process takes to end by itself. */}}
{{- define "martlet.gracePeriod" -}}
{{- $core := .Values.config.core }}
{{- add (ceil (float64 $core.shutdown_delay)) (ceil (float64 $core.shutdown_timeout)) .Values.shutdownReserve }}
{{- end }}

{{- define "martlet.probe" -}}
port: http
scheme: {{ include "martlet.httpScheme" . }}
{{- end }}

{{- define "martlet.pod" -}}
metadata:
  annotations:
    checksum/config: {{ toYaml .Values.config | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "martlet.selectorLabels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "martlet.serviceAccountName" . }}
  automountServiceAccountToken: false
  # A Service named gorush would set GORUSH_PORT in every pod.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "martlet.gracePeriod" . }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  containers:
    - name: martlet
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      ports:
        - name: http
          containerPort: {{ int .Values.config.core.port }}
        {{- if dig "grpc" "enabled" false .Values.config }}
        - name: grpc
          containerPort: {{ int (dig "grpc" "port" "9000" .Values.config) }}
        {{- end }}
      {{- with .Values.env }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.environment.existingSecret }}
      envFrom:
        - secretRef:
            name: {{ . }}
      {{- end }}
      startupProbe:
        httpGet:
          path: {{ dig "api" "health_uri" "/healthz" .Values.config }}
          {{- include "martlet.probe" . | nindent 10 }}
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet:
          path: {{ dig "api" "health_uri" "/healthz" .Values.config }}
          {{- include "martlet.probe" . | nindent 10 }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet:
          path: /readyz
          {{- include "martlet.probe" . | nindent 10 }}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/gorush
          readOnly: true
        - name: data
          mountPath: /home/gorush/data
        {{- if .Values.credentials.existingSecret }}
        - name: credentials
          mountPath: /credentials
          readOnly: true
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "martlet.fullname" . }}
    {{- with .Values.credentials.existingSecret }}
    - name: credentials
      secret:
        secretName: {{ . }}
        defaultMode: 0440
    {{- end }}
    {{- if not (and (include "martlet.localQueue" .) .Values.persistence.enabled) }}
    - name: data
      emptyDir: {}
    {{- end }}
  {{- range $key := list "nodeSelector" "tolerations" "affinity" }}
  {{- with index $.Values $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    - {{- toYaml . | nindent 6 }}
      {{- if not .labelSelector }}
      labelSelector:
        matchLabels:
          {{- include "martlet.selectorLabels" $ | nindent 10 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
