/** The interests of a browser's tabs in their shared stream: pure functions. */
import { type LiveMessage, type LiveOptions, RANGES, type Topic } from "../api";

const TOPICS: readonly Topic[] = ["kpi", "windows", "events", "health"];

export interface Interest {
  readonly ranges: readonly string[];
  readonly topics: readonly string[];
}

export const interestOf = ({ range, topics }: LiveOptions): Interest => ({ ranges: [range.range], topics });

/** An interest as canonical text. */
export const writeInterest = ({ ranges, topics }: Interest): string => `${ranges.join(",")} ${topics.join(",")}`;

export function readInterest(text: string): Interest {
  const [ranges = "", topics = ""] = text.split(" ");
  return { ranges: ranges.split(","), topics: topics.split(",") };
}

/** The union of the interests. */
export function union(interests: readonly Interest[]): Interest {
  return {
    ranges: RANGES.filter((range) => interests.some(({ ranges }) => ranges.includes(range))),
    topics: TOPICS.filter((topic) => interests.some(({ topics }) => topics.includes(topic))),
  };
}

/** Whether a separate stream for `interest` would include a message of the shared stream. */
export function isFor({ ranges, topics }: Interest, message: LiveMessage): boolean {
  switch (message.kind) {
    case "kpi":
      return topics.includes("kpi") && ranges.includes(message.data.current.range.name);
    case "windows":
    case "events":
    case "health":
      return topics.includes(message.kind);
    default:
      return true;
  }
}
