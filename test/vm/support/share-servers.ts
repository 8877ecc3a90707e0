import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineMirror } from '../../../image/apt.ts';
import { runCommand } from '../../../image/command.ts';
import { cachedDirectory } from '../../engine/support/cache.ts';

const packages = 'samba,nfs-ganesha-mem';
const libraries = 'usr/lib/x86_64-linux-gnu';

/** Servers of NFS and SMB that need no kernel module: Debian's, unpacked and not installed, with their own libraries. */
export class ShareServers {
  readonly #root: string;
  /** For their configs and data. */
  readonly #directory: string;
  readonly #running: ChildProcess[] = [];

  private constructor(root: string, directory: string) {
    this.#root = root;
    this.#directory = directory;
  }

  /** Fetches the programs unless they are in the cache. */
  static async open(directory: string): Promise<ShareServers> {
    const root = await cachedDirectory('trixie-shares', packages, async (work) => {
      const { archive } = await machineMirror();
      await runCommand('mmdebstrap', [
        '--quiet',
        '--variant=extract',
        `--include=${packages}`,
        'trixie',
        work,
        archive,
      ]);
    });
    return new ShareServers(root, directory);
  }

  /** An empty share `/fleet` in memory, by NFS 4. */
  async startNfs(port: number): Promise<void> {
    const at = (end: string): string => join(this.#directory, `ganesha.${end}`);
    await writeFile(
      at('conf'),
      `NFS_CORE_PARAM { Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false; NFS_Port = ${port}; Allow_Set_Io_Flusher_Fail = true;
  Plugins_Dir = "${this.#root}/${libraries}/ganesha"; }
NFSv4 { Graceless = true; RecoveryRoot = "${this.#directory}"; UseGetpwnam = true; Only_Numeric_Owners = true; }
EXPORT { Export_Id = 1; Path = "/fleet"; Pseudo = "/fleet"; Access_Type = RW; Squash = No_Root_Squash; SecType = sys;
  Protocols = 4; Transports = TCP; FSAL { Name = MEM; } }
`,
    );
    this.#start('usr/bin/ganesha.nfsd', ['-F', '-f', at('conf'), '-L', at('log'), '-p', at('pid')]);
  }

  /** A share `fleet` with one `file`, by SMB, for `root` with the password `secret`, and for guests. */
  async startSmb(port: number): Promise<void> {
    const at = (name: string): string => join(this.#directory, name);
    const [config, state, share] = [at('smb.conf'), at('smb'), at('share')];
    for (const path of [state, share]) await mkdir(path);
    await writeFile(join(share, 'file'), 'on the server\n');
    const places = [
      'private dir',
      'state directory',
      'cache directory',
      'lock directory',
      'pid directory',
      'ncalrpc dir',
    ];
    await writeFile(
      config,
      `[global]
interfaces = lo
bind interfaces only = yes
smb ports = ${port}
${places.map((place) => `${place} = ${state}`).join('\n')}
log file = ${at('smbd.log')}
passdb backend = tdbsam:${join(state, 'passdb.tdb')}
map to guest = bad user
guest account = root
server role = standalone server
load printers = no
disable spoolss = yes
[fleet]
path = ${share}
writable = yes
guest ok = yes
`,
    );
    const command = this.#command('usr/bin/smbpasswd', ['-c', config, '-s', '-a', 'root']);
    await runCommand('sh', ['-c', `printf 'secret\nsecret\n' | "$@"`, 'sh', ...command]);
    this.#start('usr/sbin/smbd', ['-F', '--no-process-group', '-s', config]);
  }

  close(): void {
    for (const server of this.#running) server.kill('SIGKILL');
  }

  #start(program: string, words: readonly string[]): void {
    const [loader = '', ...all] = this.#command(program, words);
    this.#running.push(spawn(loader, all, { stdio: 'ignore' }));
  }

  #command(program: string, words: readonly string[]): readonly string[] {
    const places = ['', '/samba', '/ganesha'].map((folder) => `${this.#root}/${libraries}${folder}`);
    const path = [...places, `${this.#root}/usr/lib/ganesha`].join(':');
    return [
      `${this.#root}/usr/lib64/ld-linux-x86-64.so.2`,
      '--library-path',
      path,
      `${this.#root}/${program}`,
      ...words,
    ];
  }
}
