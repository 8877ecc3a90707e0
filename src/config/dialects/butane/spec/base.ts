import {
  type Field,
  given,
  list,
  name,
  part,
  type RecordShape,
  record,
  sugar,
  text,
  texts,
  truth,
  whole,
} from './shape.ts';

/**
 * The keys of a base spec of Butane 0.29 (`base/v0_1` to `base/v0_8_exp`), which the variants build on. The number is the
 * base's: 5 is `v0_5`. What is Ignition's own carries over key by key; the rest is sugar.
 */
export function baseFields(base: number): Field[] {
  const since = (first: number, ...fields: readonly Field[]): readonly Field[] => (base >= first ? fields : []);
  const parts = new BaseParts(base);
  return [
    ...sugar(text('version', 'variant')),
    part('ignition', parts.ignition()),
    ...since(4, part('kernel_arguments', record('kernel-arguments', texts('should_exist', 'should_not_exist')))),
    part('passwd', parts.passwd()),
    part('storage', parts.storage()),
    part('systemd', parts.systemd()),
  ];
}

/** A Tang server, here and under `boot_device`. */
export function tang(base: number): RecordShape {
  return record('tang', [...text('thumbprint'), ...given(text('url')), ...(base >= 5 ? text('advertisement') : [])]);
}

export const cex = record('cex', truth('enabled'));

const owner = record('owner', [...whole('id'), ...text('name')]);
const verification = part('verification', record('verification', text('hash')));

class BaseParts {
  readonly #base: number;
  readonly #resource: RecordShape;

  constructor(base: number) {
    this.#base = base;
    const headers = list('http_headers', record('http-header', [name('name'), ...text('value')]));
    this.#resource = record('resource', [
      ...text('compression', 'source'),
      ...sugar(text('inline')),
      verification,
      ...this.#since(2, headers, ...sugar(text('local'))),
    ]);
  }

  ignition(): RecordShape {
    const reference =
      this.#base >= 2
        ? this.#resource
        : record('config-reference', [part('source', { kind: 'text' }, { absent: null }), verification]);
    const authority = this.#base >= 2 ? this.#resource : record('ca-reference', [name('source'), verification]);
    return record('ignition', [
      part('config', record('ignition-config', [list('merge', reference), part('replace', reference)])),
      ...this.#since(2, part('proxy', record('proxy', [...text('http_proxy', 'https_proxy'), ...texts('no_proxy')]))),
      part('security', record('security', [part('tls', record('tls', [list('certificate_authorities', authority)]))])),
      part('timeouts', record('timeouts', whole('http_response_headers', 'http_total'))),
    ]);
  }

  passwd(): RecordShape {
    const group = record('group', [
      ...whole('gid'),
      name('name'),
      ...text('password_hash'),
      ...truth('system'),
      ...this.#since(3, ...truth('should_exist')),
    ]);
    const user = record('user', [
      name('name'),
      ...text('gecos', 'home_dir', 'password_hash', 'primary_group', 'shell'),
      ...texts('groups', 'ssh_authorized_keys'),
      ...truth('no_create_home', 'no_log_init', 'no_user_group', 'system'),
      ...whole('uid'),
      ...this.#since(3, ...truth('should_exist')),
      ...this.#since(5, ...sugar(texts('ssh_authorized_keys_local'))),
    ]);
    return record('passwd', [list('groups', group), list('users', user)]);
  }

  storage(): RecordShape {
    const node = [part('group', owner), part('user', owner), name('path'), ...truth('overwrite')];
    const file = [...node, list('append', this.#resource), part('contents', this.#resource), ...whole('mode')];
    const link = [...node, ...truth('hard'), this.#base >= 4 ? text('target') : name('target')].flat();
    return record('storage', [
      list('directories', record('directory', [...node, ...whole('mode')])),
      list('disks', this.#disk()),
      list('files', record('file', file)),
      list('filesystems', this.#filesystem()),
      list('links', record('link', link)),
      ...this.#since(3, list('luks', this.#luks())),
      list('raid', this.#raid()),
      ...this.#since(2, ...sugar([list('trees', this.#tree())])),
    ]);
  }

  systemd(): RecordShape {
    const local = this.#since(5, ...sugar(text('contents_local')));
    const dropin = record('dropin', [name('name'), ...text('contents'), ...local]);
    const unit = record('unit', [
      name('name'),
      ...text('contents'),
      ...local,
      list('dropins', dropin),
      ...truth('enabled', 'mask'),
    ]);
    const quadlet = record('quadlet', [...unit.fields.slice(0, -2), ...truth('rootful')]);
    return record('systemd', [list('units', unit), ...this.#since(8, ...sugar([list('quadlets', quadlet)]))]);
  }

  #since(first: number, ...fields: readonly Field[]): readonly Field[] {
    return this.#base >= first ? fields : [];
  }

  #disk(): RecordShape {
    const partition = record('partition', [
      ...text('guid', 'label', 'type_guid'),
      ...given(whole('number')),
      ...whole('size_mib', 'start_mib'),
      ...truth('should_exist', 'wipe_partition_entry'),
      ...this.#since(3, ...truth('resize')),
    ]);
    return record('disk', [name('device'), list('partitions', partition), ...truth('wipe_table')]);
  }

  #filesystem(): RecordShape {
    return record('filesystem', [
      name('device'),
      ...text('format', 'label', 'path', 'uuid'),
      ...texts('options'),
      ...truth('wipe_filesystem'),
      ...this.#since(2, ...texts('mount_options'), ...sugar(truth('with_mount_unit'))),
    ]);
  }

  #luks(): RecordShape {
    // Ignition 3.2 keeps these two apart from records that are not given, and the pin's texts are always there.
    const pointers = { keepsEmpty: this.#base === 3 };
    const pin = this.#base === 3 ? [name('config'), name('pin')] : text('config', 'pin');
    const custom = record('clevis-custom', [...pin, ...truth('needs_network')]);
    const clevis = record('clevis', [
      part('custom', custom, pointers),
      list('tang', tang(this.#base)),
      ...whole('threshold'),
      ...truth('tpm2'),
    ]);
    return record('luks', [
      part('clevis', clevis, pointers),
      name('name'),
      ...text('device', 'label', 'uuid'),
      part('key_file', this.#resource),
      ...texts('options'),
      ...truth('wipe_volume'),
      ...this.#since(5, ...truth('discard'), ...texts('open_options')),
      ...this.#since(6, part('cex', cex)),
    ]);
  }

  #raid(): RecordShape {
    const level = this.#base >= 4 ? text('level') : [name('level')];
    return record('raid', [...texts('devices', 'options'), ...level, name('name'), ...whole('spares')]);
  }

  #tree(): RecordShape {
    const owners = [part('group', owner), part('user', owner), ...whole('file_mode', 'dir_mode')];
    return record('tree', [...text('local', 'path'), ...this.#since(7, ...owners)]);
  }
}
