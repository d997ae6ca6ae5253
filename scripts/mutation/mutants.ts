/** The mistakes that are made on purpose: each mutant is one small change of one place in a source file, and all are compiled into it, switched off. */
import ts from 'typescript';

export interface Mutant {
  start: number;
  end: number;
  replacement: string;
  line: number;
}

const K = ts.SyntaxKind;

const BINARY: Readonly<Partial<Record<ts.SyntaxKind, string[]>>> = {
  [K.EqualsEqualsEqualsToken]: ['!=='], [K.ExclamationEqualsEqualsToken]: ['==='],
  [K.LessThanToken]: ['<=', '>='], [K.LessThanEqualsToken]: ['<', '>'], [K.GreaterThanToken]: ['>=', '<='], [K.GreaterThanEqualsToken]: ['>', '<'],
  [K.PlusToken]: ['-'], [K.MinusToken]: ['+'], [K.AsteriskToken]: ['/'], [K.SlashToken]: ['*'], [K.PercentToken]: ['*'],
  [K.AmpersandAmpersandToken]: ['||'], [K.BarBarToken]: ['&&'],
  [K.PlusEqualsToken]: ['-='], [K.MinusEqualsToken]: ['+='], [K.QuestionQuestionEqualsToken]: ['='],
};

/** Calls that can be left out: `text.trim()` → `text`. */
const UNWRAPPED = new Set(['trim', 'replace', 'toLowerCase', 'slice', 'filter']);
const OPPOSITE: Readonly<Record<string, string>> = { max: 'min', min: 'max' };

const regexMutants = (source: string): string[] => {
  const end = source.lastIndexOf('/');
  const [body, flags] = [source.slice(1, end), source.slice(end + 1)];
  const changes = [
    body.replace(/^\^/, ''), body.replace(/\$$/, ''), body.replace(/\[(?!\^)/, '[^'), body.replace(/\[\^/, '['),
    body.replace(/\\d/, '\\D'), body.replace(/\\s/, '\\S'), body.replace(/(?<!\\)\+/, ''), body.replace(/(?<!\\)\*/, '+'),
    body.replace(/\{(\d+),(\d+)\}/, (_all, from: string, to: string) => `{${from},${Number(to) - 1}}`),
    body.replace(/\{(\d+),/, (_all, from: string) => `{${Number(from) + 1},`),
  ].filter((changed) => changed !== body && changed !== '').map((changed) => `/${changed}/${flags}`);
  return [...changes, ...(flags.includes('g') ? [`/${body}/${flags.replace('g', '')}`] : [])];
};

const isText = (node: ts.Node): boolean => {
  const { parent } = node;
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || ts.isLiteralTypeNode(parent)) return false;
  if (ts.isPropertyAssignment(parent) && parent.name === node) return false;
  return !(ts.isCallExpression(parent) && parent.expression.getText() === 'require');
};

/** What may stand in place of a node; texts of source code. */
const replacements = (node: ts.Node): string[] => {
  const text = node.getText();
  if (ts.isBinaryExpression(node)) {
    const [left, right] = [node.left.getText(), node.right.getText()];
    if (node.operatorToken.kind === K.QuestionQuestionToken) return [`(${left}) && (${right})`];
    return (BINARY[node.operatorToken.kind] ?? []).map((operator) => `${left} ${operator} ${right}`);
  }
  if (ts.isPrefixUnaryExpression(node)) {
    const operand = node.operand.getText();
    if (node.operator === K.ExclamationToken || node.operator === K.MinusToken) return [operand];
    if (node.operator === K.PlusPlusToken) return [`--${operand}`];
  }
  if (ts.isPostfixUnaryExpression(node)) return [`${node.operand.getText()}${node.operator === K.PlusPlusToken ? '--' : '++'}`];
  if (ts.isConditionalExpression(node)) return [node.whenTrue.getText(), node.whenFalse.getText()];
  if (ts.isNumericLiteral(node) && !ts.isLiteralTypeNode(node.parent)) return [String(Number(node.text.replaceAll('_', '')) + 1)];
  if (ts.isStringLiteral(node) && isText(node)) return [node.text === '' ? `'mutant'` : `''`];
  if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)) return ['``'];
  if (ts.isRegularExpressionLiteral(node)) return regexMutants(text);
  if (node.kind === K.TrueKeyword && !ts.isLiteralTypeNode(node.parent)) return ['false'];
  if (node.kind === K.FalseKeyword && !ts.isLiteralTypeNode(node.parent)) return ['true'];
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression: object, name } = node.expression;
    if (UNWRAPPED.has(name.text)) return [object.getText()];
    const opposite = object.getText() === 'Math' ? OPPOSITE[name.text] : undefined;
    if (opposite) return [`Math.${opposite}(${node.arguments.map((argument) => argument.getText()).join(', ')})`];
  }
  return [];
};

/** Conditions that always or never hold, statements that are left out. */
const statementReplacements = (node: ts.Node): { of: ts.Node; by: string }[] => {
  if (ts.isIfStatement(node)) return [{ of: node.expression, by: 'true' }, { of: node.expression, by: 'false' }];
  if (ts.isWhileStatement(node)) return [{ of: node.expression, by: 'false' }];
  if (ts.isExpressionStatement(node) && node.expression.kind !== K.SuperKeyword && !node.getText().startsWith('super(')) return [{ of: node, by: ';' }];
  if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) return [{ of: node.body, by: 'undefined' }];
  if (ts.isReturnStatement(node) && node.expression) return [{ of: node.expression, by: 'undefined' }];
  return [];
};

export const mutantsOf = (file: string, source: string): Mutant[] => {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true);
  const mutants: Mutant[] = [];
  const add = (node: ts.Node, replacement: string): void => {
    const start = node.getStart();
    mutants.push({ start, end: node.getEnd(), replacement, line: tree.getLineAndCharacterOfPosition(start).line + 1 });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node)) return;
    for (const replacement of replacements(node)) add(node, ts.isBinaryExpression(node) ? `(${replacement})` : replacement);
    for (const { of, by } of statementReplacements(node)) add(of, by);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return mutants;
};

/** The source with all its mutants in it; `mutant(id)` says whether that one is on. */
export const withSwitches = (source: string, mutants: readonly (Mutant & { id: number })[]): string => {
  const places = new Map<string, { start: number; end: number; before: string; after: string }>();
  for (const { id, start, end, replacement } of mutants) {
    const isStatement = replacement === ';';
    const place = places.get(`${start} ${end}`) ?? { start, end, before: isStatement ? '' : '(', after: isStatement ? '}}' : ')' };
    place.before += isStatement ? `{if(!mutant(${id})){` : `mutant(${id})?(${replacement}):`;
    places.set(`${start} ${end}`, place);
  }
  // At the same place: ends before beginnings, inner ends before outer ones, outer beginnings before inner ones.
  const insertions = [...places.values()].flatMap(({ start, end, before, after }) => [
    { at: start, isEnd: false, length: end - start, text: before }, { at: end, isEnd: true, length: end - start, text: after },
  ]);
  insertions.sort((a, b) => a.at - b.at || Number(b.isEnd) - Number(a.isEnd) || (a.isEnd ? a.length - b.length : b.length - a.length));
  let from = 0;
  const parts = insertions.map(({ at, text }) => source.slice(from, (from = at)) + text);
  return parts.join('') + source.slice(from);
};
