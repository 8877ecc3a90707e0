import { leasesVariable } from './dhcpcd-config.ts';

/**
 * The script that dhcpcd runs at every change of state. It keeps the newest answer of each link and protocol as a file
 * `LINK:PROTOCOL`: the environment of the script itself, as the kernel has it, so that nothing in an answer is ever read
 * by a shell. A device's name cannot hold a colon.
 */
export const dhcpcdHook = `#!/bin/sh
# Written by Berth: changes are overwritten.
umask 077
cd "$${leasesVariable}" || exit 1
case "$reason" in
  STOPPED | DEPARTED) rm -f "$interface:"* ;;
  *)
    case "$protocol" in
      dhcp | dhcp6 | ra) cat "/proc/$$/environ" >".$interface:$protocol" && mv ".$interface:$protocol" "$interface:$protocol" ;;
    esac
    ;;
esac
`;
