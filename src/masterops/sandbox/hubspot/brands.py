"""
What the demo records of each business are made of.

Nothing here is real: people, shops and orders are put together from these lists, and every record says
"(demo)". Mail goes to example.com and *.example, which are reserved and reach nobody.
"""

from __future__ import annotations

import msgspec


class Brand(msgspec.Struct, frozen=True):
    """
    The world of one business.
    """

    products: tuple[tuple[str, str], ...]  # name, price
    customers: tuple[str, ...]  # kinds of customer companies: "... Pantry"
    titles: tuple[str, ...]  # what their people do
    industries: tuple[str, ...]
    consumers: float  # the part of contacts that are people buying for themselves
    order: tuple[int, int]  # units in a deal, from and to


WELLNESS = ("HEALTH_WELLNESS_AND_FITNESS", "RETAIL")
GROCERY = ("RETAIL", "SUPERMARKETS", "FOOD_BEVERAGES")

TEELIXIR = Brand(
    products=(
        ("Lion's Mane mushroom powder 50 g", "39.00"),
        ("Reishi mushroom powder 50 g", "39.00"),
        ("Chaga mushroom powder 50 g", "42.00"),
        ("Cordyceps mushroom powder 50 g", "44.00"),
        ("Tremella mushroom powder 50 g", "36.00"),
        ("Eight-mushroom blend 100 g", "69.00"),
        ("Mushroom cacao 200 g", "34.00"),
        ("Pine pollen tonic 50 g", "48.00"),
    ),
    customers=("Wellness", "Naturopathy", "Apothecary", "Yoga Studio", "Health Foods", "Clinic"),
    titles=("Naturopath", "Owner", "Buyer", "Herbalist", "Store manager"),
    industries=WELLNESS,
    consumers=0.8,
    order=(6, 72),
)
ELEVATE_WHOLESALE = Brand(
    products=(
        ("Organic chia seeds 10 kg", "98.00"),
        ("Raw cacao powder 5 kg", "112.00"),
        ("Coconut sugar 12.5 kg", "84.00"),
        ("Organic quinoa 25 kg", "165.00"),
        ("Plant protein, vanilla, 6 x 1 kg", "186.00"),
        ("Kombucha, ginger, 24 x 330 ml", "72.00"),
        ("Almond butter 12 x 250 g", "96.00"),
    ),
    customers=("Health Foods", "Pantry", "Bulk Foods", "Wholefoods", "Co-op", "Organic Market"),
    titles=("Purchasing manager", "Owner", "Buyer", "Category manager", "Accounts"),
    industries=("WHOLESALE", "RETAIL", "SUPERMARKETS"),
    consumers=0.05,
    order=(4, 60),
)
BUY_ORGANICS_ONLINE = Brand(
    products=(
        ("Organic rolled oats 1 kg", "6.90"),
        ("Organic extra virgin olive oil 750 ml", "18.50"),
        ("Organic raw honey 500 g", "14.90"),
        ("Organic spelt flour 2 kg", "11.40"),
        ("Organic green tea 50 bags", "9.80"),
        ("Organic tomato passata 690 g", "4.95"),
        ("Organic dishwashing liquid 1 L", "8.70"),
    ),
    customers=("Cafe", "Kitchen", "Childcare", "Catering", "Office Pantry"),
    titles=("Owner", "Chef", "Office manager", "Buyer"),
    industries=GROCERY,
    consumers=0.9,
    order=(5, 40),
)
RED_HILL_FRESH = Brand(
    products=(
        ("Baby spinach 3 kg", "27.00"),
        ("Heirloom tomatoes 5 kg", "38.00"),
        ("Red Hill cherries 5 kg", "75.00"),
        ("Mixed lettuce 12 heads", "24.00"),
        ("Kipfler potatoes 10 kg", "32.00"),
        ("Strawberries 12 punnets", "42.00"),
        ("Seasonal vegetable box", "55.00"),
    ),
    customers=("Greengrocer", "Bistro", "Restaurant", "Hotel", "Providore", "Farm Gate"),
    titles=("Head chef", "Owner", "Produce buyer", "Kitchen manager"),
    industries=("RESTAURANTS", "HOSPITALITY", "SUPERMARKETS"),
    consumers=0.1,
    order=(3, 30),
)
GENERIC = Brand(
    products=(("Starter pack", "49.00"), ("Standard pack", "99.00"), ("Large pack", "189.00")),
    customers=("Trading", "Store", "Supplies", "Market"),
    titles=("Owner", "Buyer", "Manager"),
    industries=("RETAIL", "WHOLESALE"),
    consumers=0.5,
    order=(1, 20),
)

BRANDS = {
    "teelixir": TEELIXIR,
    "elevate-wholesale": ELEVATE_WHOLESALE,
    "buy-organics-online": BUY_ORGANICS_ONLINE,
    "red-hill-fresh": RED_HILL_FRESH,
}

FIRST_NAMES = (
    "Amelia", "Aisha", "Ben", "Charlotte", "Chloe", "Daniel", "Elena", "Ethan", "Fatima", "Finn", "Grace",
    "Hannah", "Hugo", "Isla", "Jack", "Jasmine", "Kai", "Leo", "Lucy", "Maya", "Mia", "Minh", "Noah", "Nina",
    "Oliver", "Olivia", "Priya", "Rohan", "Ruby", "Sam", "Sofia", "Tom", "Violet", "Wei", "Zara", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Anderson", "Bailey", "Brown", "Campbell", "Chen", "Clarke", "Cooper", "Davies", "Edwards", "Evans",
    "Fraser", "Garcia", "Hall", "Harris", "Hughes", "Jones", "Kelly", "Kim", "King", "Lee", "Martin",
    "Mitchell", "Murphy", "Nguyen", "O'Brien", "Papadopoulos", "Patel", "Reid", "Robinson", "Rossi", "Ryan",
    "Scott", "Singh", "Smith", "Taylor", "Thompson", "Tran", "Walker", "White", "Williams", "Wilson", "Wong",
)  # fmt: skip
PLACES = (
    ("Melbourne", "VIC", "3000"), ("Mornington", "VIC", "3931"), ("Geelong", "VIC", "3220"),
    ("Sydney", "NSW", "2000"), ("Byron Bay", "NSW", "2481"), ("Newcastle", "NSW", "2300"),
    ("Brisbane", "QLD", "4000"), ("Noosa", "QLD", "4567"), ("Adelaide", "SA", "5000"),
    ("Perth", "WA", "6000"), ("Fremantle", "WA", "6160"), ("Hobart", "TAS", "7000"),
)  # fmt: skip
SHOP_NAMES = (
    "Acacia", "Banksia", "Blue Gum", "Coastal", "Daisy", "Evergreen", "Fern", "Golden", "Green", "Hillside",
    "Honeybee", "Ironbark", "Jarrah", "Lighthouse", "Magnolia", "Myrtle", "Northside", "Olive Tree",
    "Pepperberry", "Riverbend", "Saltbush", "Seaside", "Southern", "Sunny", "Wattle", "Wildflower",
)  # fmt: skip
