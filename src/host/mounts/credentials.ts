/** What a credentials file of SMB says, by the kernel's names of it. */
const names: Readonly<Record<string, string>> = {
  username: 'username',
  user: 'username',
  password: 'password',
  pass: 'password',
  domain: 'domain',
  dom: 'domain',
  workgroup: 'domain',
};

/** The options that a credentials file stands for, as mount.cifs(8) reads it: `name=value` lines; `#` begins a comment. Pure. */
export function credentialOptions(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, name = '', value = ''] = /^\s*(\w+)\s*=(.*)$/.exec(line) ?? [];
    const option = names[name.toLowerCase()];
    return option === undefined ? [] : [`${option}=${value}`];
  });
}
