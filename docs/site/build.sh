#!/usr/bin/env bash
# The site of the docs, in artifacts/site: the pages of this folder's parent with the API of the built libraries.
#     dotnet build -c Release && docs/site/build.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
pages=$root/artifacts/pages
address=$(sed -nE 's/.*<RepositoryUrl>(.*)<\/RepositoryUrl>.*/\1/p' src/Directory.Build.props)
rm -rf "$pages" artifacts/site
mkdir -p "$pages"

# Links: pages stand side by side here, and files of the repository are on the web. Formulas: as docfx writes them.
page() {
    sed -E "
        s~\]\(docs/~](~g
        s~\]\((\.\./)?(CHANGELOG|CONTRIBUTING|SECURITY|CODE_OF_CONDUCT)\.md~](\2.md~g
        s~\]\((\.\./)?README\.md~](index.md~g
        s~\]\((\.\./)?((samples|src|tests|\.github)(/[^)#]*)?)~](${address}/blob/main/\2~g
        s~\\$\`([^\`]*)\`\\$~\$\1\$~g
    " "$1" | awk '/^```math$/ { on = 1; print "$$"; next } on && /^```$/ { on = 0; print "$$"; next } { print }'
}
for file in docs/*.md CHANGELOG.md CONTRIBUTING.md SECURITY.md CODE_OF_CONDUCT.md; do
    page "$file" >"$pages/$(basename "$file")"
done
page README.md >"$pages/index.md"
cp docs/*.svg "$pages"
[ -z "$(compgen -G 'docs/*.png')" ] || cp docs/*.png "$pages"
cp -r docs/site/docfx.json docs/site/toc.yml docs/site/template "$pages"

# F# writes names in doc comments as they stand; docfx wants to be told that they are types, and knows whole names only.
mkdir "$pages/libraries"
for library in Core.FSharp:MetricLearning.Core Facade.CSharp:MetricLearning Approximate.FSharp:MetricLearning.Approximate; do
    built=src/${library%%:*}/bin/Release/net10.0/${library##*:}
    cp "$built.dll" "$pages/libraries"
    sed -E '
        s~cref="([A-Za-z]+Exception)"~cref="T:System.\1"~g
        s~cref="(System|MetricLearning)\.~cref="T:\1.~g
        s~<see cref="([A-Za-z.]+)" ?/>~<c>\1</c>~g
    ' "$built.xml" >"$pages/libraries/${library##*:}.xml"
done

# What they refer to.
mkdir "$pages/references"
cp tests/Core.Tests/bin/Release/net10.0/*.dll "$pages/references"

cd docs/site
dotnet tool restore
dotnet docfx metadata "$pages/docfx.json" --warningsAsErrors
dotnet docfx build "$pages/docfx.json" --warningsAsErrors
