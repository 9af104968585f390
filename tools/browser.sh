#!/bin/sh
# Browser tests need Debian's Chromium. Install it where we can (root and apt), else say what is left out.
set -u
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing Debian's chromium for the browser tests" >&2
  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium) >/dev/null 2>&1 && exit 0
fi
echo "no chromium here and it cannot be installed: the browser tests will be left out" >&2
[ -z "${CI:-}" ]
