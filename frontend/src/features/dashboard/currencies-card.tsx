import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import type { CurrencyKpi } from "@/lib/types";
import { useFormat } from "@/lib/use-format";

/** Every currency on its own line: money of different currencies is never added up. */
export function CurrenciesCard({ currencies }: { readonly currencies: readonly CurrencyKpi[] | undefined }) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const head = "pb-2 text-right text-xs font-medium text-ink-3";
  const cell = "py-2 pl-3 text-right whitespace-nowrap";
  return (
    <TitledCard title={t("currencies.title")}>
      {currencies ? (
        <table className="w-full text-[0.8125rem]">
          <thead>
            <tr>
              <th scope="col" className={`${head} text-left`}>
                <span className="sr-only">{t("currencies.currency")}</span>
              </th>
              {(["revenue", "orders", "average", "rate"] as const).map((name) => (
                <th key={name} scope="col" className={head}>
                  {t(`currencies.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line border-t border-line">
            {currencies.map((each) => (
              <tr key={each.currency} data-currency={each.currency}>
                <th scope="row" className="py-2 text-left font-semibold">
                  {each.currency}
                </th>
                <td className={`${cell} font-semibold`} title={format.money(each.revenue, each.currency)}>
                  {format.moneyShort(each.revenue, each.currency)}
                </td>
                <td className={cell}>{format.count(each.orders_created)}</td>
                <td className={cell} title={format.money(each.average_order_value, each.currency)}>
                  {format.moneyShort(each.average_order_value, each.currency)}
                </td>
                <td className={cell}>{format.percent(each.success_rate)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <div className="space-y-3 pt-1">
          <Skeleton className="h-4 w-full" />
          <Skeleton className="h-6 w-full" />
          <Skeleton className="h-6 w-full" />
        </div>
      )}
    </TitledCard>
  );
}
