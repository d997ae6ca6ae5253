/**
 * What the dialogs use of the Node-RED editor, 4.1 and 5.0. @types/node-red describes 1.3: validators without
 * reasons, no labels, no autoComplete, `any` in many places; and it pulls Node's globals into browser code.
 */

type CatalogueValues = Record<string, string | number>;

/** A node as the editor keeps it: the stored values, not those of an open form. */
interface EditorNode {
  readonly id: string;
  readonly type: string;
  readonly _def: EditorDefinition;
  outputs?: number;
  credentials?: Readonly<Record<string, unknown>>;
  [property: string]: unknown;
}

interface EditorProperty {
  value?: unknown;
  /** Type of the config node whose id the property holds. */
  type?: string;
  required?: boolean;
  /** Names the property in the reasons for an invalid node. */
  label?: string;
  /** The reason why the value is refused, or `true`. The editor looks at the number of parameters: it must be two. */
  validate?(this: EditorNode, value: unknown, options: { label?: string }): true | string;
  /** Set by the editor where the settings file's `nodeDefaults` have replaced `value`. */
  _override?: true;
  _originalValue?: unknown;
}

interface EditorDefinition {
  category: string;
  color?: string;
  icon?: string;
  defaults: Record<string, EditorProperty>;
  credentials?: Record<string, EditorProperty & { type: 'text' | 'password' }>;
  inputs?: 0 | 1;
  outputs?: number;
  paletteLabel?: string;
  inputLabels?: string;
  outputLabels?(this: EditorNode, index: number): string;
  label(this: EditorNode): string;
  labelStyle?(this: EditorNode): string;
  /** Called for a node from the palette before the editor knows it; for pasted ones after that. */
  onadd?(this: EditorNode): void;
  oneditprepare?(this: EditorNode): void;
  oneditsave?(this: EditorNode): void;
  oneditcancel?(this: EditorNode): void;
  oneditdelete?(this: EditorNode): void;
}

interface Completion {
  value: string;
  label: string;
}

interface JQuery {
  typedInput(options: { types: string[]; typeField?: JQuery; default?: string } | 'destroy'): this;
  autoComplete(options: { search(value: string): Completion[]; minLength?: number } | 'destroy'): this;
}

declare const RED: {
  /** The text of a catalogue key, `namespace:key`. */
  _(key: string, values?: CatalogueValues): string;
  readonly i18n: { lang(): string };
  readonly nodes: {
    registerType(type: string, definition: EditorDefinition): void;
    /** 4.1 and 5.0 give nothing or `null` for an unknown id. */
    node(id: string): EditorNode | null | undefined;
    getType(type: string): EditorDefinition;
    /** A new id. */
    id(): string;
    add(node: EditorNode): void;
    eachConfig(visit: (node: EditorNode) => void): void;
    dirty(): boolean;
    dirty(dirty: boolean): void;
  };
  readonly history: { push(event: { t: 'add'; nodes: string[]; dirty: boolean }): void };
  readonly view: { redraw(updateActive: boolean): void };
  readonly editor: { validateNode(node: EditorNode): boolean };
  readonly events: { on(event: 'nodes:add', listener: (node: EditorNode) => void): void };
  readonly user: { hasPermission(permission: string): boolean };
  readonly utils: {
    /** `true`, or the reason, as `options` is given. */
    validateTypedProperty(value: string, type: string, options: { label?: string }): true | string;
  };
};
