/** The parts of nrlint that its command is made of; it has no types. */
declare module 'nrlint/lib/linter.js' {
  interface Finding { rule: string; ids: string[]; message: string; severity: string }
  export const init: (options: { resolveRule: (name: string) => unknown }) => void;
  export const lint: (flow: object[], config: { rules: Record<string, unknown> }) => Finding[];
}
declare module 'nrlint/lib/rules/index.js' {
  const rules: Record<string, unknown>;
  export default rules;
}
declare module 'nrlint/lib/rules/function-eslint/index.js' {
  const rules: { 'function-eslint': { meta: { options: { config: { default: object } } } } };
  export default rules;
}
