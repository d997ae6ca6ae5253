/** What the demo tenant answers with: JSON, its two error bodies, and the pages of the gateway in front of it. */

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Milliseconds this answer takes on top of the simulator's latency. */
  delayMs?: number;
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json;charset=UTF-8', ...headers },
  body: JSON.stringify(body),
});

/** Business and parameter errors. */
export const businessError = (status: number, code: string, message: string): Answer =>
  json(status, { error_code: code, error_msg: message });

/** Token and permission errors. */
export const oauthError = (status: number, code: string, description: string): Answer =>
  json(status, { error: code, error_description: description });

export const expired = (token: string): Answer => oauthError(400, 'invalid_token', `Access token expired:${token}`);

/** What no API answers but the gateway before it: a page for people. */
export const gatewayPage = (status: number, title: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body: `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`,
});
