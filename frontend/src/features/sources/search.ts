import * as v from "valibot";

/** The page's URL parameters. */
export const SourcesSearch = v.object({
  /** Name of the source that is open. */
  source: v.fallback(v.optional(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,38}$/))), undefined),
});
