#!/usr/bin/env bash
# A host served by the Sluice that helm/ installed in the namespace ingress-nginx of the current kubectl context; then the same
# while its Deployment is rolled out, when no request may fail.
# smoke-cluster.sh URL   where the cluster's port for HTTP is reachable from here, such as http://172.18.0.2:31080.
set -euo pipefail
url=${1:?usage: smoke-cluster.sh URL}
failures=$(mktemp)
trap 'rm -f "$failures"; kill "${client:-}" 2>/dev/null || true' EXIT

kubectl create deployment smoke --image=registry.k8s.io/e2e-test-images/agnhost:2.47 -- /agnhost netexec --http-port=8080
kubectl expose deployment smoke --port=80 --target-port=8080
kubectl create ingress smoke --class=nginx --rule='smoke.test/*=smoke:80'
kubectl rollout status deployment/smoke --timeout=120s

ask() { curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' --header 'Host: smoke.test' "$url/"; }

for attempt in $(seq 60); do
  [ "$(ask || true)" != 200 ] || break
  [ "$attempt" -lt 60 ] || { echo "smoke.test is not served at $url" >&2; exit 1; }
  sleep 1
done
echo "served"

while :; do
  status=$(ask || true)
  [ "$status" = 200 ] || echo "$status" >>"$failures"
done &
client=$!
kubectl -n ingress-nginx rollout restart deployment/ingress-nginx-controller
kubectl -n ingress-nginx rollout status deployment/ingress-nginx-controller --timeout=300s
kubectl -n ingress-nginx wait pod -l app.kubernetes.io/component=controller --for=condition=Ready --timeout=120s
sleep 10 # the old Pods are still ending
kill "$client"
[ ! -s "$failures" ] || { echo "requests failed during the rollout:" >&2; sort "$failures" | uniq -c >&2; exit 1; }
echo "rolled out without a failed request"
