/** The asset checks by asset: failed ones first, errors before warnings. */
import type { CheckResult } from "@/lib/types";

export interface AssetChecks {
  readonly asset: string;
  readonly failed: number;
  readonly checks: readonly CheckResult[];
}

const rank = (check: CheckResult) => (check.passed ? 2 : check.severity === "ERROR" ? 0 : 1);

export function groupChecks(checks: readonly CheckResult[]): readonly AssetChecks[] {
  const byAsset = new Map<string, CheckResult[]>();
  for (const check of checks) byAsset.set(check.asset, [...(byAsset.get(check.asset) ?? []), check]);
  const worst = (group: AssetChecks) => Math.min(...group.checks.map(rank));
  return [...byAsset]
    .map(([asset, found]) => ({
      asset,
      failed: found.filter((check) => !check.passed).length,
      checks: found.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name)),
    }))
    .sort((a, b) => worst(a) - worst(b) || a.asset.localeCompare(b.asset));
}
