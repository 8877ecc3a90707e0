/** SMB takes passwords as options of a mount. */
const passwordOption = /^(pass|password|password2)=(.+)$/;

/** The password in an option of a mount; undefined: there is none in it. Pure. */
export function passwordIn(option: string): string | undefined {
  return passwordOption.exec(option)?.[2];
}

/** An option of a mount with `shown` in a password's place. Pure. */
export function withoutPassword(option: string, shown: string): string {
  return option.replace(passwordOption, (_whole, key: string) => `${key}=${shown}`);
}
