#!/usr/bin/env bash
# Runs the features of kubernetes-sigs/ingress-controller-conformance against the cluster of the current kubectl context.
# conformance.sh [class]   the IngressClass to use, "nginx" unless told. Needs git, Go and a LoadBalancer or NodePort that is
# reachable under the address in the status of Ingresses.
set -euo pipefail
class=${1:-nginx}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet --depth 1 https://github.com/kubernetes-sigs/ingress-controller-conformance "$folder"
cd "$folder"
go test -c -o conformance .
./conformance --ingress-class="$class" --no-colors --format=pretty -test.timeout=20m
