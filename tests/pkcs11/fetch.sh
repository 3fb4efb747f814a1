#!/usr/bin/env bash
# fetch.sh DIR: unpacks OpenSSL's PKCS#11 provider of Debian into DIR: nothing is installed, no root is needed.
# The package comes through apt, which checks its signature: from the machine's own sources where they have it, else from
# the release's backports by a configuration that is thrown away. DEBIAN_MIRROR names another mirror.
set -eu
dir=$1
package=pkcs11-provider
[ -z "$(find "$dir" -name pkcs11.so 2>/dev/null)" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt's downloads are made by its own user
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/deb"
[ "$(id -u)" -ne 0 ] || chown _apt "$work/deb"
options=()
if ! apt-cache show "$package" >/dev/null 2>&1; then
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\nSigned-By: %s\n' \
        "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" "$codename" /usr/share/keyrings/debian-archive-keyring.gpg \
        >"$work/backports.sources"
    options=(-o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$work" -o "Dir::State=$work/state"
        -o "Dir::Cache=$work/cache" -o Acquire::Languages=none -o APT::Update::Post-Invoke= -o APT::Update::Post-Invoke-Success=)
    apt-get "${options[@]}" update -q
fi
(cd "$work/deb" && apt-get "${options[@]}" download -q "$package")
rm -rf "$dir"
mkdir -p "$(dirname "$dir")"
dpkg-deb -x "$work"/deb/*.deb "$work/unpacked"
mv "$work/unpacked" "$dir"
