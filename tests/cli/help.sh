# The help of every command is what the manual says, and the manual is up to date.
. "$CLI_LIB"

try help
for command in quantize run inspect backends version; do
    octet $command -h >in/a && octet help $command >in/b && cmp in/a in/b && head -n 1 in/a
done
try --help
