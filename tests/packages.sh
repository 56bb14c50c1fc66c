#!/usr/bin/env bash
# What strangers get: packs everything, and builds and runs programs outside the repository that take it from a folder of packages,
# with an empty cache. README's programs in C# and F#, a script, and each template in both languages; in the end, how many lines and
# seconds the first things take that a newcomer does.
#     tests/packages.sh [FOLDER]
# FOLDER is where to work; it is made anew. NUGET_PACKAGES, if set, is the cache, from which packages of this name are removed; else
# the cache is empty. Needs unzip and curl.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=${1:-$(mktemp -d)}
work=$(realpath -m "$work")
rm -rf "$work"
mkdir -p "$work/feed"
export NUGET_PACKAGES=${NUGET_PACKAGES:-$work/cache} DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
passed=0
failed=0
firsts=()

# check NAME COMMAND…
check() {
    local name=$1
    shift
    local began=$SECONDS
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "passed: $name ($((SECONDS - began)) s)"
    else
        failed=$((failed + 1))
        echo "failed: $name"
        tail -25 "$work/log"
    fi
}

# first NAME PROGRAM COMMAND…: the same, of something that a newcomer does first, with a program of so many lines.
first() {
    local name=$1 program=$2
    shift 2
    local began=$SECONDS
    check "$name" "$@"
    firsts+=("| $name | $(cat $program | grep -c '[^[:space:]]') | $((SECONDS - began)) |")
}

for project in Core.FSharp Facade.CSharp Approximate.FSharp Templates; do
    env -u NUGET_PACKAGES dotnet pack "src/$project" -c Release -o "$work/feed" -v quiet
done
version=$(basename "$work"/feed/MetricLearning.Core.*.nupkg .nupkg)
version=${version#MetricLearning.Core.}
rm -rf "$NUGET_PACKAGES"/metriclearning*

# content PACKAGE FILE…: the package has these files.
content() {
    local package=$1
    shift
    unzip -l "$work/feed/$package.$version.nupkg" >"$work/list"
    for file in "$@"; do grep -q " $file$" "$work/list" || { echo "$package has no $file"; return 1; }; done
}
check "the packages have their parts" content MetricLearning README.md icon.png LICENSE lib/net10.0/MetricLearning.dll lib/net10.0/MetricLearning.xml
check "and those of the core" content MetricLearning.Core README.md icon.png LICENSE lib/net10.0/MetricLearning.Core.dll lib/net10.0/MetricLearning.Core.xml buildTransitive/MetricLearning.Core.targets
check "and of approximate search" content MetricLearning.Approximate README.md icon.png lib/net10.0/MetricLearning.Approximate.dll
check "symbols for each" ls "$work/feed/MetricLearning.$version.snupkg" "$work/feed/MetricLearning.Core.$version.snupkg" "$work/feed/MetricLearning.Approximate.$version.snupkg"

# No file of a package, its symbols included, tells where it was built.
no_paths() {
    local package
    for package in "$work"/feed/*nupkg; do
        rm -rf "$work/open"
        mkdir "$work/open"
        unzip -q "$package" -d "$work/open"
        ! grep -rlF "$root" "$work/open" || return 1
    done
}
check "no path of this machine in any of them" no_paths

# links: every link of the packed README leads somewhere on the web or within it.
links() {
    unzip -p "$work/feed/MetricLearning.$version.nupkg" README.md >"$work/README.md"
    grep -q '^# ' "$work/README.md" && ! grep -oE '\]\([^)]*\)' "$work/README.md" | grep -vE '\]\((https?:|#)'
}
check "the packed README's links are whole" links

cat >"$work/nuget.config" <<X
<configuration>
  <packageSources>
    <add key="trial" value="$work/feed" />
  </packageSources>
</configuration>
X
cd "$work"

# block LANGUAGE [PAGE]: the first program of a page in a language; README's, if none is named.
block() { awk -v fence="\`\`\`$1" '$0 == fence { on = 1; next } /^```/ && on { exit } on' "$root/${2:-README.md}"; }

# console LANGUAGE NAME EXTENSION PROGRAM: runs a program in a new console project.
console() {
    dotnet new console --language "$1" --name "$2" --no-restore &&
        (cd "$2" &&
            dotnet add package MetricLearning --version "$version" &&
            dotnet add package libtorch-cpu-linux-x64 --version 2.10.0) &&
        cp "$4" "$2/Program.$3" && dotnet run -c Release --project "$2"
}
block csharp >hello.cs
block fsharp >hello.fs
first "README's program in C#" hello.cs console 'C#' hello-csharp cs hello.cs
first "README's program in F#" hello.fs console 'F#' hello-fsharp fs hello.fs

# The same programs with a loss of one's own.
{
    sed 's/new TripletMarginLoss([^)]*)/new LogisticTripletLoss()/' hello.cs
    block csharp docs/your-own.md
} >own-loss.cs
{
    echo 'open System'
    grep '^open' hello.fs
    block fsharp docs/your-own.md
    grep -v '^open' hello.fs | sed 's/new TripletMarginLoss([^)]*)/new LogisticTriplet()/'
} >own-loss.fs
own() { grep -q 'new LogisticTriplet' "$4" && console "$@"; }
first "a loss of one's own in C#" own-loss.cs own 'C#' own-csharp cs own-loss.cs
first "a loss of one's own in F#" own-loss.fs own 'F#' own-fsharp fs own-loss.fs

# It stops after half of its epochs, and goes on when it is started again.
resumed() {
    console 'C#' resume cs half.cs && cp resume.cs resume/Program.cs &&
        dotnet run -c Release --project resume | tee resumed.log && head -1 resumed.log | grep '^epoch 6: '
}
sed 's/^        BatchSize = .*/&\n        Checkpoints = new() { Folder = "checkpoints", EveryIterations = 10 },/; s/^trainer.Train/trainer.ResumeLatest();\n&/' hello.cs >resume.cs
sed 's/numEpochs: 10/numEpochs: 5/' resume.cs >half.cs
first "to go on where a run stopped" resume.cs resumed

script() {
    {
        echo "#i \"nuget: $work/feed\""
        echo "#r \"nuget: MetricLearning.Core, $version\""
        echo '#r "nuget: libtorch-cpu-linux-x64, 2.10.0"'
        block fsharp
        echo 'printfn "the state is at iteration %d" second.Progress.Iteration'
    } >hello.fsx
    dotnet fsi hello.fsx
}
check "README's program as a script" script

export DOTNET_CLI_HOME=$work/home
check "the templates install" dotnet new install "$work/feed/MetricLearning.Templates.$version.nupkg"
mkdir "$work/pictures" "$work/gallery"
unzip -q "$root/samples/data/pictures.zip" -d "$work/pictures"
classes=("$work"/pictures/*/)
gallery=$work/gallery
cp -r "${classes[@]:0:40}" "$gallery"

# made LANGUAGE JOB: the template's project.
made() { dotnet new metriclearning --language "$1" --job "$2" --name "$2-${1%#}" && dotnet build -c Release "$2-${1%#}" -warnaserror; }

serve() {
    local folder=$1 log=$work/service.log
    (cd "$folder" && exec dotnet bin/Release/net10.0/"$(basename "$folder")".dll "$2" "$gallery" --urls http://127.0.0.1:5099) >"$log" 2>&1 &
    local service=$! result=1
    for _ in {1..300}; do
        ! curl -sf http://127.0.0.1:5099/health && kill -0 "$service" || break
        sleep 0.2
    done
    local picture class
    class=$(basename "${classes[0]}")
    picture=$gallery/$class/google.png
    curl -sf --data-binary @"$picture" 'http://127.0.0.1:5099/search?k=2' | grep -F "$class" &&
        [ "$(curl -s -o /dev/null -w '%{http_code}' --data-binary nothing http://127.0.0.1:5099/search)" = 400 ] && result=0
    kill "$service"
    wait "$service" || true
    cat "$log"
    return $result
}
for language in C# F#; do
    here=${language%#}
    check "template digits in $language" made "$language" digits
    check "and it learns" bash -c "dotnet run -c Release --no-build --project 'digits-$here' | tee digits.log && tail -1 digits.log | grep -E '^epoch 10 .*MAP@R 0\.[89]'"
    check "template pictures in $language" made "$language" pictures
    first "own pictures from folders, in $language" "pictures-$here/*.${here,,}s" bash -c "cd 'pictures-$here' && dotnet run -c Release --no-build -- '$gallery' 1 && test -s model.safetensors"
    check "template service in $language" made "$language" service
    first "a service that finds pictures, in $language" "service-$here/*.${here,,}s" serve "$work/service-$here" "$work/pictures-$here/model.safetensors"
    # Each has its own libtorch, of half a gigabyte.
    rm -rf ./*-"$here"/bin
done

printf '%s\n' '| first things | lines | seconds |' '|---|---|---|' "${firsts[@]}"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
