import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { TextField } from "@/components/ui/text-field";
import { useHub } from "@/lib/context";
import { useAbout } from "@/lib/queries";
import { useStore } from "@/lib/store";
import { token, tokenWanted } from "@/lib/token";

/** Asks for a token if the server requires one and there is no valid one. */
export function TokenDialog() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const hub = useHub();
  const about = useAbout().data;
  const bearer = useStore(token);
  const refused = useStore(tokenWanted);
  const [text, setText] = useState("");
  const id = useId();
  const open = refused || (about?.auth === "required" && bearer === null);

  const save = (event: FormEvent) => {
    event.preventDefault();
    token.set(text.trim().replace(/^Bearer\s+/i, ""));
    tokenWanted.set(false);
    setText("");
    void client.invalidateQueries();
    hub.retry();
  };

  return (
    <Dialog open={open} onClose={() => undefined} locked title={t("token.title")} description={t("token.text")}>
      <form onSubmit={save} className="flex flex-col gap-3 pt-2">
        <label htmlFor={id} className="text-sm font-medium">
          {t("token.label")}
        </label>
        <TextField
          id={id}
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-invalid={refused && bearer !== null}
        />
        {refused && bearer !== null && (
          <p role="alert" className="text-sm text-bad">
            {t("token.again")}
          </p>
        )}
        <Button type="submit" variant="primary" className="self-end" disabled={text.trim() === ""}>
          {t("token.save")}
        </Button>
      </form>
    </Dialog>
  );
}
