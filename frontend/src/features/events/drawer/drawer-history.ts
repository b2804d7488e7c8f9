/** The drawer's parameter in the URL: opening adds a history entry, closing removes it. */
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useRef } from "react";

import { change, type EventsSearch } from "../search";

export function useDrawerHistory(search: EventsSearch) {
  const router = useRouter();
  const navigate = useNavigate({ from: "/events" });
  // Whether the previous entry is the page with the drawer closed.
  const pushed = useRef(false);
  const name = search.tab === "rejected" ? "record" : "event";
  const open = search[name] !== undefined;

  const go = (next: EventsSearch, replace: boolean) => void navigate({ search: next, replace });

  return {
    /** Change the URL; with `replace` without a new history entry. */
    onSearch: (next: EventsSearch, replace = false) => {
      pushed.current = false;
      go(next, replace);
    },
    onOpen: (id: string) => {
      go(change(search, { [name]: id }), open);
      if (!open) pushed.current = true;
    },
    onClose: () => {
      if (pushed.current) router.history.back();
      else go(change(search, { [name]: undefined }), true);
      pushed.current = false;
    },
  };
}
