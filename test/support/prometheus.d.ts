/** It comes without types. */
declare module 'parse-prometheus-text-format' {
  interface Sample {
    labels?: Record<string, string>;
    value?: string;
    buckets?: Record<string, string>;
    count?: string;
    sum?: string;
  }
  const parse: (text: string) => { name: string; help: string; type: string; metrics: Sample[] }[];
  export = parse;
}
