/** The parts of a Markdown page that can be compared with something. */

export interface CodeBlock { language: string; text: string }
/** Cells of the rows below the header, without surrounding blanks. */
export interface Table { header: string[]; rows: string[][] }

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

export const codeBlocks = (page: string): CodeBlock[] => [...page.matchAll(FENCE)].map(([, language = '', text = '']) => ({ language, text }));

export const prose = (page: string): string => page.replace(FENCE, '');

export const headings = (page: string): { level: number; text: string }[] =>
  [...prose(page).matchAll(/^(#+) (.+)$/gm)].map(([, marks = '', text = '']) => ({ level: marks.length, text }));

/** As GitHub names them. */
export const anchors = (page: string): string[] =>
  headings(page).map(({ text }) => text.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-'));

/** Targets of links and pictures. */
export const links = (page: string): string[] => [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

export const pictures = (page: string): string[] => [...prose(page).matchAll(/!\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

/** What stands between backticks. */
export const codeSpans = (text: string): string[] => [...prose(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);

const cells = (line: string): string[] => line.replace(/^\||\|$/g, '').split('|').map((cell) => cell.trim());

export const tables = (page: string): Table[] =>
  [...prose(page).matchAll(/(?:^\|.*\|$\n?)+/gm)].map(([block]) => {
    const [header = '', , ...rows] = block.trim().split('\n');
    return { header: cells(header), rows: rows.map(cells) };
  });
