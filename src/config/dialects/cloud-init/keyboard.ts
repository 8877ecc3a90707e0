import { honoured } from '../../key-table.ts';
import { keymaps } from '../../keymaps.ts';
import { didYouMean } from '../../near-miss.ts';
import { record } from '../../record-shape.ts';
import { type Located, located, type ReadBy, textLike } from '../../shape.ts';
import type { CloudInitDraft } from './draft.ts';

/** XKB switches between several layouts; a console without X has one. */
const layouts = /^[a-z]+(,[a-z]*)*$/;
const variants = /^[\w-]*(,[\w-]*)*$/;
/** Models whose keymaps are those of pc105: XKB's keycodes of them are the same. */
const sameKeys = /^(pc\d+|jp106|abnt2|macintosh|)$/;

const keyboardShape = record(
  {
    layout: located(textLike(layouts, 'a layout of XKB, such as de')),
    variant: located(textLike(variants, 'a variant of the layout, such as nodeadkeys')),
    model: located(textLike(/^[\w+-]*$/, 'a model of XKB, such as pc105')),
    options: located(textLike(/^[\w:,+-]*$/, 'options of XKB, such as ctrl:nocaps')),
  },
  { required: ['layout'] },
);

interface Places {
  readonly layout: Located<string>;
  readonly variant: Located<string> | undefined;
}

/** The image of this version has no such keymap; a host says so, too, of its own image. */
function reportMissing({ layout, variant }: Places, first: string, form: string): void {
  const forms = Object.hasOwn(keymaps, first) ? (keymaps[first] ?? []) : undefined;
  if (forms === undefined) {
    const hint = `it has ${Object.keys(keymaps).join(', ')}`;
    layout.place.warn('unsupported', `the image has no keymap of the layout "${first}"`, hint);
  } else if (form !== '' && !forms.includes(form)) {
    const offered = forms.length === 0 ? 'leave it out' : `it has ${forms.join(', ')}`;
    const hint = didYouMean(form, forms) ?? offered;
    variant?.place.warn('unsupported', `the image has no keymap of the variant "${form}" of "${first}"`, hint);
  }
}

/** The layout of the keyboard at the host's own console. */
export const keyboardRow = honoured<CloudInitDraft, Located<NonNullable<ReadBy<typeof keyboardShape>>>>({
  key: 'keyboard',
  meaning:
    "`layout` and `variant` of the keyboard at the host's own console, for which the image has keymaps of Latin script; `model` and `options` have no effect",
  shape: located(keyboardShape),
  apply({ value, place }, { host }) {
    const { layout, variant, model, options } = value;
    const [first = '', ...others] = layout.value.split(',');
    if (others.length > 0)
      layout.place.warn('unsupported', `the console has one layout at a time: this is ${first}`, 'name one layout');
    if (model !== undefined && !sameKeys.test(model.value))
      model.place.warn('unsupported', 'has no effect: the keymaps are those of pc105', 'remove it', 'key');
    if (options !== undefined && options.value !== '')
      options.place.warn('unsupported', "has no effect: the image's keymaps have no options", 'remove it', 'key');
    const [form = ''] = variant?.value.split(',') ?? [];
    reportMissing({ layout, variant }, first, form);
    host.config.keyboard = { layout: first, ...(form === '' ? {} : { variant: form }) };
    host.name(['keyboard'], place);
  },
});
