/** Browser and Node-RED for the tests of the editor: started once for all files, since starting them takes longer than most tests. */
import type { Browser } from 'playwright-core';
import { type FlowNode, type Major, type NodeRed, type StartOptions, startNodeRed } from '../support/runtime';
import { type Editor, type OpenOptions, launchBrowser, openEditor, screenshot } from './browser';

/** The smaller of the two code editors: no test looks into it, and each page loads it. */
const EDITOR_THEME = { tours: false, codeEditor: { lib: 'ace' } };

let browser: Promise<Browser> | undefined;
export const sharedBrowser = (): Promise<Browser> => browser ??= launchBrowser();

const runtimes = new Map<Major, Promise<NodeRed>>();
const sharedNodeRed = async (major: Major, flows: FlowNode[]): Promise<NodeRed> => {
  const running = runtimes.get(major) ?? startNodeRed({ major, settings: { editorTheme: EDITOR_THEME } });
  runtimes.set(major, running);
  const nodeRed = await running;
  // Credentials stay for as long as a node of that id does.
  await nodeRed.deploy([{ id: 'empty', type: 'tab', label: 'empty' }]);
  await nodeRed.deploy(flows);
  return nodeRed;
};

after(async () => {
  if (browser) await (await browser).close();
  for (const running of runtimes.values()) await (await running).stop();
});

export interface Desk {
  browser: Browser;
  nodeRed: NodeRed;
  /** One page for all tests of a `describe`, as long as none fails or asks for another. */
  editor: Editor;
  /** Another page: what was deployed since is there, what was not is gone. */
  reopen: () => Promise<Editor>;
}

interface DeskOptions {
  major: Major;
  flows: FlowNode[];
  /** With settings of its own it is another Node-RED. */
  settings?: StartOptions['settings'];
}

/** Browser, Node-RED and a page for the tests of a `describe`; what a failing test left on screen is kept as a picture. */
export const useDesk = ({ major, flows, settings }: DeskOptions, options: OpenOptions = {}): Desk => {
  const desk = {} as Desk;
  const open = async (): Promise<Editor> => desk.editor = await openEditor(desk.browser, desk.nodeRed.url, options);
  desk.reopen = async () => {
    await desk.editor.close();
    return await open();
  };
  before(async () => {
    desk.browser = await sharedBrowser();
  });
  before(async () => {
    desk.nodeRed = await (settings ? startNodeRed({ major, flows, settings: { ...settings, editorTheme: EDITOR_THEME } }) : sharedNodeRed(major, flows));
  });
  before(open);
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await screenshot(desk.editor.page, `failed ${this.currentTest.fullTitle()}`);
    for (const problem of desk.editor.problems) console.log(`The page of the failed test reported: ${problem}`);
    // The page may be in any state now, and so may the flows: the next test gets others.
    await desk.editor.drop();
    if (!settings) await desk.nodeRed.deploy(flows);
    await open();
  });
  after(() => desk.editor.close());
  after(async () => {
    if (settings) await desk.nodeRed.stop();
  });
  return desk;
};
