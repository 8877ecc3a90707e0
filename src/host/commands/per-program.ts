/** Where the program keeps its marks, and which instance they are of: variables of its environment. */
export const perVariables = { directory: 'BERTH_PER_DIRECTORY', instance: 'INSTANCE_ID' } as const;

/**
 * `cloud-init-per FREQUENCY NAME COMMAND [ARG…]`, which commands of cloud-configs call: runs a command `always`, or once on each
 * `instance`, on each `boot` or `once` on this disk, whatever it ends with. Its interface is cloud-init's.
 */
export const perProgram = `#!/bin/sh
if [ $# -lt 3 ]; then
  echo 'usage: cloud-init-per always|boot|instance|once NAME COMMAND [ARG...]' >&2
  exit 64
fi
frequency=$1
name=$(printf %s "$2" | tr -c 'A-Za-z0-9._-' _)
shift 2
case $frequency in
  always) exec "$@" ;;
  boot) mark=boot-$(cat /proc/sys/kernel/random/boot_id) ;;
  instance) mark=instance-$(printf %s "$${perVariables.instance}" | tr -c 'A-Za-z0-9._-' _) ;;
  once) mark=once ;;
  *) echo "cloud-init-per: $frequency is no frequency" >&2; exit 64 ;;
esac
mark=$${perVariables.directory}/$name.$mark
[ -e "$mark" ] && exit 0
"$@"
code=$?
mkdir -p "$${perVariables.directory}"
echo "$code" > "$mark"
sync
exit $code
`;
