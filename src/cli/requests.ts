/** How an agent is asked. */
export interface Requests {
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body: unknown): Promise<Answer>;
  stream(path: string, body: unknown, onLine: (line: never) => void, signal?: AbortSignal): Promise<void>;
}
