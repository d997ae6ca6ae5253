/**
 * The part of Node-RED's runtime that our nodes use, as Node-RED 4.1 and 5.0 have it.
 * The published types describe 1.3: a `getNode` that never fails, no asynchronous `close`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Message = Record<string, unknown>;
export type Send = (messages: Message | (Message | null)[]) => void;
export type Done = (error?: Error) => void;

export interface Status {
  fill?: 'red' | 'green' | 'yellow' | 'blue' | 'grey';
  shape?: 'ring' | 'dot';
  /** A catalogue key; what is none is shown as it is. */
  text?: string;
  /** For Status nodes: the failure that is shown, and the tenant's host and port. */
  code?: string | null;
  category?: string | null;
  tenant?: string;
}

export interface RedNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  /** The flow or subflow in which it stands; missing for a global one. */
  readonly z?: string;
  /** Within a subflow: the id that the template has. */
  readonly _alias?: string;
  readonly credentials?: Record<string, string>;
  /** Ids of the nodes that each output leads to, as deployed just now. */
  readonly wires?: (string[] | undefined)[];
  send(messages: Message | (Message | null)[]): void;
  on(event: 'input', listener: (message: Message, send: Send, done: Done) => void): void;
  on(event: 'close', listener: (removed: boolean, done: () => void) => void): void;
  status(status: Status): void;
  log(text: string): void;
  warn(text: string): void;
  /** With a message it goes to Catch nodes; to the log if there is none. */
  error(error: Error | string, message?: Message): void;
  /** What `done` does, for the message that it knows. */
  _complete?(message: Message, error?: Error): void;
  /** Without arguments: whether anybody listens. */
  metric(event?: string, message?: Message, value?: number): boolean | undefined;
}

/** A node as the flow file has it; hand-written flows and older versions may lack anything. */
export type NodeConfig = Record<string, unknown> & { id: string };

export interface AdminRequest extends IncomingMessage {
  params: Record<string, string>;
  body?: unknown;
}
export interface AdminResponse extends ServerResponse {
  json(body: unknown): void;
  status(status: number): AdminResponse;
  type(type: string): AdminResponse;
  send(body: string): void;
  sendStatus(status: number): void;
}
type Handler = (request: AdminRequest, response: AdminResponse, next: (error?: unknown) => void) => void;

export interface Red {
  nodes: {
    createNode(node: RedNode, config: NodeConfig): void;
    registerType(type: string, constructor: (this: RedNode, config: NodeConfig) => void, options?: { credentials?: Record<string, { type: 'password' }> }): void;
    getNode(id: string): unknown;
    /** Every node of the flow file, tabs, groups and subflows included. */
    eachNode(visit: (config: NodeConfig & { type: string }) => void): void;
    getCredentials(id: string): Record<string, unknown> | undefined | null;
  };
  util: {
    cloneMessage(message: Message): Message;
    getMessageProperty(message: Message, property: string): unknown;
    getObjectProperty(object: object, property: string): unknown;
    /** The keys of a path; a list of keys stands for a reference to another property. Throws for what is no path. */
    normalisePropertyExpression(expression: string): (string | number | unknown[])[];
    setMessageProperty(message: Message, property: string, value: unknown, createMissing: boolean): boolean;
    evaluateNodeProperty(value: string, type: string, node: RedNode | undefined, message: Message, callback: (error: Error | null | undefined, value: unknown) => void): void;
    prepareJSONataExpression(expression: string, node: RedNode): unknown;
    evaluateJSONataExpression(expression: unknown, message: Message, callback: (error: Error | null | undefined, value: unknown) => void): void;
  };
  events: {
    on(event: 'flows:started', listener: () => void): void;
    off(event: 'flows:started', listener: () => void): void;
  };
  /** The settings file. */
  settings: Record<string, unknown>;
  auth: { needsPermission(permission: string): Handler };
  httpAdmin: { get(path: string, ...handlers: Handler[]): void; post(path: string, ...handlers: Handler[]): void };
  /** Translates into the runtime's language, or into that of `lng`, with values in its places; gives the key back when it cannot. */
  _(key: string, options?: Record<string, string | number>): string;
}
