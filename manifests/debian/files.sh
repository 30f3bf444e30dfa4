#!/usr/bin/env bash
# What the package has beside the program, made by the program itself: completions, a man page of each command from its
# own help; and what Debian wants of every package.
# usage: files.sh STUDYCTL SOURCE CHANGELOG OUT     (CHANGELOG: Debian's, with the version put in)
set -euo pipefail

studyctl=$1 source=$2 changelog=$3 out=$4
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ -- .*>  //p' "$changelog")" +%s)  # the same files whenever they are made
rm -rf "$out"
mkdir -p "$out"/{man1,completions,doc}

for shell in bash zsh fish; do "$studyctl" completion "$shell" >"$out/completions/$shell"; done

# commands_of WORDS…: the first name of each subcommand in its help.
commands_of() {
  "$studyctl" "$@" --help | awk '/^Subcommands:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { sub(",$", "", $1); print $1 }'
}

# page WORDS…: studyctl-get-runs.1 of `studyctl get runs`, and those of what is below it.
page() {
  local name about command
  name=$(IFS=-; echo "studyctl${*:+-}$*")
  about=$("$studyctl" "$@" --help | head -n 1)
  help2man --no-info --section=1 --name="${about%%;*}" --version-string="$("$studyctl" version)" "$studyctl${*:+ }$*" |
    sed "s/^\\.TH [^ ]* /.TH ${name^^} /; s/^studyctl \\\\-/${name//-/\\\\-} \\\\-/" >"$out/man1/$name.1"
  gzip -9n "$out/man1/$name.1"
  for command in $(commands_of "$@"); do page "$@" "$command"; done
}
page

cp "$source/manifests/debian/copyright" "$out/doc/copyright"
gzip -9nc "$changelog" >"$out/doc/changelog.gz"
gzip -9nc "$source/CHANGELOG.md" >"$out/doc/CHANGELOG.gz"
