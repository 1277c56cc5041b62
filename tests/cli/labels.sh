# octet run --labels counts right answers.
. "$CLI_LIB"

head -n 5 models/digits/test/labels.txt >in/five
printf '1\n2\nthree\n' >in/word
: >in/none
test="--data models/digits/test"
try run $model $test -n 5 --labels in/five
try run $model $test -n 5 --labels in/five --json
try run $model $test -n 9 --labels in/five
try run $model $test -n 5 --labels in/word
try run $model $test -n 5 --labels in/none
