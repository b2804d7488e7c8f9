"""The application: resources and routes, in one place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from core.clock import utc_now
from core.settings import Settings
from intake.context import Context
from intake.figures import Figures
from intake.mapping.registry import Registry
from intake.openapi import describe
from intake.outlet import Outlet
from intake.problems import handle_problems
from intake.rate import RateLimit
from intake.recent import History
from intake.routes import events, internal, probes, webhooks
from intake.secrets import Secrets, require_distinct


def create_app(settings: Settings) -> FastAPI:
    """Intake over `settings`; the producer is made when it starts and flushed when it stops.

    Raises `SettingsError` if a sender has the name of a source.
    """
    sources, secrets = Registry(settings.sources_dir), Secrets(settings)
    require_distinct(secrets.senders(), sources.names())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        outlet = Outlet(settings)
        app.state.context = Context(
            settings,
            outlet,
            sources,
            secrets,
            RateLimit(settings.intake.requests_per_s),
            Figures(),
            History(utc_now, settings.shop.currency_codes()),
            History(utc_now, settings.shop.currency_codes()),
            utc_now,
        )
        yield
        await asyncio.to_thread(outlet.close)

    app = FastAPI(
        title="orderpulse intake",
        version=version("orderpulse"),
        lifespan=lifespan,
        openapi_url="/openapi.json",
        docs_url=None,  # its page would load scripts from other hosts
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    for module in (events, webhooks, internal, probes):
        app.include_router(module.router)
    handle_problems(app)
    describe(app)
    return app
