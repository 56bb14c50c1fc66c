#!/bin/sh
# Whether the tests depend on chance: runs all of them many times in a row, the second half with every core kept busy by
# something else, since that is when timing and finalizers matter. Build first: dotnet build -c Release.
#
#   tests/steady.sh [TIMES]    20 times, if none are given
#
# Ends with 1 if any run failed; the logs of those are kept.

times=${1:-20}

case $times in
'' | *[!0-9]* | 0)
    echo "usage: tests/steady.sh [TIMES]" >&2
    exit 2
    ;;
esac

cd "$(dirname "$0")/.." || exit 2
logs=$(mktemp -d) || exit 2
busy=
failed=0

quieten() {
    for process in $busy; do
        kill "$process" 2>/dev/null
        wait "$process" 2>/dev/null
    done

    busy=
}

trap quieten EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

run=1

while [ "$run" -le "$times" ]; do
    how=quiet

    if [ "$run" -gt $((times / 2)) ]; then
        how=busy

        if [ -z "$busy" ]; then
            cores=$(getconf _NPROCESSORS_ONLN)

            while [ "$cores" -gt 0 ]; do
                sh -c 'while :; do :; done' &
                busy="$busy $!"
                cores=$((cores - 1))
            done
        fi
    fi

    log=$logs/$run.log
    began=$(date +%s)

    if dotnet test -c Release --no-build >"$log" 2>&1; then
        result=passed
        rm "$log"
    else
        result="FAILED, see $log"
        failed=$((failed + 1))
    fi

    echo "run $run of $times, $how: $result ($(($(date +%s) - began)) s)"
    run=$((run + 1))
done

echo "$((times - failed)) of $times runs passed"

if [ "$failed" -gt 0 ]; then
    exit 1
fi

rmdir "$logs"
