import { honoured } from '../../key-table.ts';
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
    host.config.keyboard = { layout: first, ...(form === '' ? {} : { variant: form }) };
    host.name(['keyboard'], place);
  },
});
