import * as jinja from '@huggingface/jinja';

/** A node of a template's syntax tree, as the library has it. */
export interface TemplateNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A value at work in a template. */
export interface TemplateValue {
  readonly type: string;
  readonly value: unknown;
  /** A fraction as Python writes it: `2.0`. */
  toString(): string;
}

/** The names that are known at one place of a template. */
export interface Scope {
  set(name: string, value: unknown): TemplateValue;
}

interface Interpreter {
  evaluate(node: TemplateNode | undefined, scope: Scope): TemplateValue;
}

/** What is used of the library; its own types name files that a resolver of modules does not find. */
export const library = jinja as unknown as {
  readonly Environment: new () => Scope;
  readonly Interpreter: new () => Interpreter;
  readonly parse: (tokens: unknown) => TemplateNode;
  readonly tokenize: (text: string, options: { readonly trim_blocks: boolean }) => unknown;
};

/** A template that cannot be filled in. */
export class TemplateFailure extends Error {
  override readonly name = 'TemplateFailure';
}
